/** Words about tenants, owners, groups and roles. */
import { rowList } from './row.ts';

const { rows, row } = rowList();
export default rows;
const s = String.raw;

// --- Tenants, owners, groups, roles ---------------------------------------------------------------------------------
row('ownership', 'permission.ownership', 0.93, [
  s`\b(?:not|isn't|is not|aren't|never) (?:the |an? |its |their )?(?:\S{1,20} )?(?:owner|author|creator|originator|assignee|account holder|data subject|uploader)\b`,
  s`\bnot owned by\b|\bdoes(?: not|n't) own\b|\bdo not own\b|\bdon't own\b`,
  s`\bbelong(?:s|ing)? to (?:another|a different|someone|somebody|an other|other|user|customer|account|tenant|client|org|organi[sz]ation|team|member|merchant|patient|company|partner|workspace|the wrong|different|[\w.@+:-]{1,60})`,
  s`\b(?:does|do|did)(?: not|n't) belong to\b|\bnot belonging to\b`,
  s`\bowned by (?:another|a different|someone|somebody|other|user|customer|account|tenant|[\w.@+:-]{1,60})`,
  s`\b(?:another|other|different|someone else|somebody else|foreign)(?:'s)? PERSON\b`,
  s`\bnot (?:your|their|his|her|own) (?:own )?\w{2,20}\b`,
  s`\b(?:owner|ownership)\b.{0,40}(?:mismatch|check failed|does(?: not|n't) match|do not match|only|violation|required|differs?|verification failed|not (?:met|satisfied)|denied|failed)`,
  s`\b(?:only|restricted to|limited to|reserved for)\b.{0,14}\b(?:owner|author|creator)s?\b|\b(?:owner|author|creator)s? only\b`,
  s`\bnot[ _-]?owner\b|\bowner[ _-]?mismatch\b|\bnot[ _-]?resource[ _-]?owner\b|\bnot[ _-]yours\b`,
  s`\b(?:user|customer|account|owner|member|subject)[ _-]?(?:id)? (?:mismatch|does(?: not|n't) match|do not match|differs?)\b`,
  s`\b(?:cross|wrong|other)[ _-](?:tenant|account|customer|user|org)\b|\b(?:tenant|account|org(?:ani[sz]ation)?|customer|workspace)[ _-]?(?:id)? ?mismatch\b`,
  s`\b(?:tried|attempt(?:ed|s|ing)?|trying|wants?) (?:to )?(?:access|read|open|view|edit|update|delete|modify|change|cancel|download|fetch|see)\b.{0,60}\bof (?:user|customer|account|tenant|client|another|a different|someone|somebody|member|other)`,
  s`\b(?:account|user|customer|tenant|owner|member|org|client)[ _-]?ids?\b.{0,50}(?:(?:do|does|did)(?: not|n't) match|mismatch|!=|<>|differs?|is not equal)`,
  s`\b(?:only|just)\b.{0,40}\b(?:your|their|his|her) own\b`,
  s`\b(?:created|submitted|uploaded|written|opened|placed|booked|filed|lodged|registered|requested|ordered|reserved|drafted|posted|authored|raised|rented|hired|made) by (?:someone|somebody|another|a different|other)\b`,
  s`\b(?:requester|caller|requestor|user|actor|subject|viewer|principal)\b.{0,24}(?:!=|<>|!==|≠|is not|isn't) (?:the )?(?:owner|author|creator)\b`,
  s`\b(?:author|owner|creator|holder|assignee|customer|recipient|tenant) is [\w@.+-]{1,40},? (?:and )?not [\w@.+-]{1,40}`,
  s`\b(?:assigned|consigned|addressed|issued|registered|allocated|reserved|booked|made out|leased|sold|billed) to [\w@.+-]{1,40}\b.{0,30}\b(?:caller|requester|requestor|requesting|user|client|actor)\b`,
  s`\bidor\b|\bobject[ -]level (?:permission|authori[sz]ation)\b`,
]);
row(
  'tenant',
  'gateway.tenant',
  0.9,
  [
    s`\b(?:tenants?|applications?|apps?|subscriptions?|organi[sz]ations?|orgs?|customers?|clients?|consumers?|partners?|accounts?|workspaces?|plans?|developers?|products?)\b.{0,60}\b(?:not subscribed|not entitled|no subscription|no (?:active |valid )?subscription|not (?:enabled|onboarded|provisioned|activated|registered) for|no access to (?:this |the )?(?:api|product|service|resource)|has no access|does(?: not|n't) (?:have access to|include) (?:this |the )?(?:api|product|service)|not allowed to (?:use|call|access|invoke) (?:this |the )?(?:api|product|service))`,
    s`\b(?:not subscribed|no (?:active |valid )?subscriptions?|subscription (?:not found|missing|required|does not exist)|not[ _]subscribed|subscription[ _]not[ _]found|unsubscribed)\b`,
    s`\b(?:api|product|service|feature)\b.{0,30}\bnot (?:enabled|available|included|activated|licensed|provisioned)\b.{0,20}\b(?:for|in|on|by|with)\b.{0,14}\b(?:tenant|plan|subscription|account|customer|organi[sz]ation|org|partner|app|application|tier|package|licen[cs]e)\b`,
    s`\b(?:plan|tier|package|licen[cs]e|edition|subscription)\b.{0,30}(?:does(?: not|n't) (?:include|cover|allow|permit)|not include|excludes)`,
    s`\b(?:invalid|unknown) (?:api )?product\b|\bapiproduct|\binvalid_api_product\b`,
    s`\btenant\b.{0,40}(?:not (?:allowed|authori[sz]ed|permitted|found|known|active)|unknown|denied|forbidden|rejected|refused|blocked)|\b(?:unknown|invalid|missing|no such) tenant\b|\btenant[ _](?:not[ _]\w{3,14}|unknown|forbidden|denied)\b`,
  ],
  ['permission.role'],
);
row(
  'acl',
  'gateway.acl',
  0.9,
  [
    s`\b(?:consumer|client|caller|app|application|service|service account|subject|api key|peer)\b.{0,60}\b(?:not|isn't|no|nor)\b.{0,30}\b(?:acl|access control list|access list|allowed (?:group|consumer|client|caller)s?|(?:required |allowed )?groups?)\b`,
    s`\b(?:consumer|client id|caller)\b.{0,50}\bnot (?:allowed|permitted|authori[sz]ed|whitelisted|on the)\b`,
    s`\bnot (?:in|on|listed in|part of)\b.{0,20}\b(?:acl|access control list)\b`,
    s`\bacl\b.{0,40}(?:denied|deny|denies|reject|refus|forbid|block|no match|not (?:matched|allowed)|check failed|violation|group)`,
    s`\b(?:denied|blocked|rejected|refused|forbidden)\b.{0,14}\bby\b.{0,10}\b(?:acl|access control list)\b`,
    s`\bacl[ _-](?:denied|violation|forbidden|reject(?:ed)?)\b`,
    s`\bconsumer group\b.{0,40}(?:not|denied|missing|forbidden)`,
  ],
  ['permission.role', 'config.access'],
);
row(
  'role',
  'permission.role',
  0.92,
  [
    s`\b(?:missing|lacks?|lacking|without|needs?|requires?|required|insufficient|inadequate|not enough|not sufficient|no|(?:does|do|did)(?: not|n't) (?:have|hold|possess|include|grant)|has no|have no|have not|not have|not granted|not been granted|not hold|hasn't|haven't)\b.{0,45}\b(?:RIGHT|group membership|security group|user group|ad group)\b`,
    s`\b(?:gate|ability|policy|voter|action|operation)\b \W?[\w.:-]{2,60}\W? (?:is |was )?(?:denied|refused|not granted|forbidden) (?:for|to) (?:the )?(?:users?|accounts?|members?|principals?|subjects?|roles?|admins?)\b`,
    s`\bRIGHT\b.{0,60}(?:required|missing|insufficient|not (?:granted|sufficient|allowed|permitted|assigned|held|enough|satisfied|include|have|match)|cannot|can't|may not|does(?: not|n't) (?:allow|permit|include|have|grant)|too low|lacking|absent|mismatch|check failed|denies|forbids)`,
    s`\b(?:required|needed|expected|allowed) (?:RIGHT|groups?)\b\W{1,3}`,
    s`\b(?:requires?|needs?|lacks?|missing|not have) (?:the |an? |any )?(?:[\w-]{1,20} )?groups?\b`,
    s`\b(?:only|just|restricted to|limited to|reserved for|exclusive to|available to|requires?|must be|needs to be|needs)\b.{0,24}\bADMIN\b`,
    s`\bADMIN[ _-]only\b|\b(?:admin|staff|superuser|manager|administrator)[ _-](?:required|access required|rights|privileges|role)\b.{0,30}|\b(?:not|isn't|is not|no) an? (?:\S{1,14} )?ADMIN\b|\bnot ADMIN\b`,
    s`\b(?:users?|members?|accounts?|principals?|actors?|identit(?:y|ies)|caller|employee|operator)\b.{0,40}\bnot (?:a member of|in|part of|assigned to|a participant (?:of|in))\b.{0,24}\b(?:groups?|roles?|teams?|departments?|organi[sz]ation|org|project|workspace|unit|admins?)\b`,
    s`\bnot (?:a |an )?(?:member of|participant (?:of|in)|collaborator (?:of|on|in))\b|\b(?:not|isn't) (?:a )?(?:team|project|org|organi[sz]ation|workspace|group) member\b`,
    s`\b(?:users?|principals?|subjects?|actors?|accounts?|caller|identity|you|he|she|they|role \S{1,40}|\S{1,40})\b (?:is |are |was |were |am |'re |isn't |aren't )?(?:not |n't )?(?:not )?(?<=not )(?:authori[sz]ed|permitted|allowed|entitled|privileged|cleared) (?:to|for)\b`,
    s`\bnot (?:authori[sz]ed|permitted|allowed|entitled|privileged) (?:to|for) (?:do|perform|access|read|view|see|edit|update|delete|remove|create|write|modify|change|approve|cancel|export|use|call|invoke|manage|execute|list|download|publish|this (?:action|operation|resource|page|function)|\w{3,20}\??)`,
    s`\b(?:users?|principals?|subjects?|accounts?|role|members?|viewers?|guests?|editors?|you|caller|identity)\b.{0,50}\b(?:may not|cannot|can't|can not|mustn't|must not|isn't able to|is unable to)\b.{0,4}\b(?:access|read|view|see|edit|update|delete|remove|create|write|modify|change|approve|cancel|export|use|call|invoke|manage|execute|list|download|publish|perform|do|open|enter|post)\b`,
    s`\b(?:does(?: not|n't)|do(?: not|n't)|did not) have (?:\S{1,20} )?(?:access|the right)|\bhas no access\b|\bno access (?:to|for)\b`,
    s`\b(?:access|action|operation) (?:is |was )?(?:restricted|limited|reserved) (?:to|for)\b`,
    s`\b(?:insufficient|not enough|missing|inadequate|low)[ _-](?:permissions?|privileges?|rights?|role|authority|access(?: rights?| level)?)\b|\b(?:role|permission|privilege|group|right)[ _-](?:required|missing|insufficient|not[ _-]granted|mismatch)\b|\bmissing[ _-](?:role|permission|privilege|group)\b`,
    s`\brbac\b.{0,50}(?:den|reject|refus|forbid|block|no |not )|\b(?:denied|rejected|refused|forbidden|blocked)\b.{0,14}\bby\b.{0,6}\brbac\b`,
    s`\b(?:e-?mail|phone|identity|account)\b.{0,24}(?:not (?:been )?(?:verified|confirmed)|unverified|unconfirmed)|\b(?:unverified|unconfirmed) (?:e-?mail|account|phone|user)\b|\bemail[ _]not[ _]verified\b`,
    s`\bnot (?:yet )?(?:verified|confirmed|validated)\b.{0,12}\b(?:e-?mail|phone|identity|address|account)\b`,
    s`\b(?:withheld|refused|denied|rejected|hidden)\b.{0,40}\b(?:user|caller|account|member|customer|employee|requester) (?:is not|isn't) (?:an? |in |of )?(?!(?:logged|signed|found|active|verified|authenticated|known|allowed|authori[sz]ed|enabled|confirmed|the|on|in|yet)\b)[a-z]{3,20}\b`,
    s`\b(?:groups?|roles?|teams?|permissions?) [\w.@:-]{1,40} (?:does(?: not|n't)|do not|don't) (?:include|contain|cover|list)\b`,
    s`\bconsent\b.{0,24}(?:missing|required|not given|declined|withdrawn|not granted|denied)|\bterms\b.{0,20}not (?:been )?accepted`,
    s`\b(?:this action is unauthorized|cannot execute "[^"]{1,60}" on "|authorizationdeniedexception|forbidden resource|notauthorizederror|canc?an::accessdenied)`,
    s`\bdo not have permission\b|\bdoesn't have permission\b|\bno permission\b|\bpermission[ _]required\b`,
    s`\bauthorization failed\b.{0,30}requirements? (?:were|was) not met`,
  ],
  ['permission.ownership'],
);
row(
  'visibility',
  'permission.ownership',
  0.7,
  s`\b(?:not|isn't|aren't|never) (?:\w{1,12} )?(?:visible|accessible|viewable|readable|shared) (?:to|for|by|with)\b`,
  ['permission.role'],
);
row(
  'group',
  'permission.role',
  0.8,
  s`\bnot[ _-](?:a[ _-])?(?:in|member[ _-]of)[ _-](?:\w{1,12}[ _-])?groups?\b|\b(?:in|member[ _-]of)[ _-]none[ _-]of[ _-](?:the[ _-])?(?:\w{1,12}[ _-])?groups?\b|\bwrong[ _-]group\b`,
  ['gateway.acl'],
);
row(
  'mfa',
  'credential.scope',
  0.6,
  s`\b(?:mfa|2fa|two[ -]factor|second factor|multi-?factor|step-?up)\b.{0,40}(?:required|missing|not (?:completed|satisfied|verified|enrolled|done)|needed)`,
  ['permission.role'],
);
