/**
 * AWS in front of an application: the load balancer (`actions_executed`, `error_reason`), API Gateway (the type of its
 * gateway response), CloudFront (the detailed result type) and S3 (its error code).
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const ALB = 'AWS Elastic Load Balancing user guide: access logs of an Application Load Balancer';
const GATEWAY = 'AWS API Gateway developer guide: gateway response types';
const EDGE = 'Amazon CloudFront developer guide: standard logging';
const STORE =
  'Amazon S3 user guide: server access log format; S3 API reference, error responses (list of codes unverified)';

const status = (e: Entry): number => e.httpResponseStatusCode ?? 0;
/** Nobody further in answered. */
const own = (e: Entry): boolean => status(e) >= 400 && (e.upstreamStatusCode ?? 0) === 0;
const has = (e: Entry, name: string): boolean => e.attributes?.[name] !== undefined;

const alb = { product: 'AWS ALB', datasets: ['aws.alb'], source: ALB } as const;
const LOAD_BALANCER: Signal[] = [
  {
    ...alb,
    id: 'aws-alb-waf-failed',
    when: (e) => own(e) && /^WAF/.test(e.attributes?.error_reason ?? ''),
    kind: 'decision',
    cause: 'gateway.upstream',
    alternatives: ['waf.error'],
    certainty: 'stated',
    confidence: 0.88,
    status: [403, 500, 502, 503],
    says: 'The load balancer got no answer from AWS WAF ({error_reason}) and refused to be on the safe side',
  },
  {
    ...alb,
    id: 'aws-alb-waf-block',
    outcome: /(?:^|,)waf$/,
    when: (e) => own(e) && !has(e, 'error_reason'),
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['waf.sqli', 'waf.xss', 'limit.rate', 'address.reputation', 'address.geo'],
    certainty: 'stated',
    confidence: 0.6,
    layer: 'waf',
    says: 'AWS WAF refused it at the load balancer; which rule did stands in the log of the WAF',
  },
  {
    ...alb,
    id: 'aws-alb-fixed-response',
    outcome: /(?:^|,)fixed-response$/,
    when: own,
    kind: 'decision',
    cause: 'config.rewrite',
    alternatives: ['address.not-allowed', 'config.access'],
    certainty: 'stated',
    confidence: 0.85,
    says: 'A listener rule[ (priority {matched_rule_priority})] answers {httpResponseStatusCode} by itself',
  },
  ...(
    [
      ['invalid', /^AuthInvalid/, 'credential.invalid', 'what the identity provider sent back was not accepted'],
      [
        'missing',
        /^AuthMissing/,
        'credential.missing',
        'the answer of the identity provider came without its code or state',
      ],
      [
        'upstream',
        /^Auth(?:TokenEp|UserinfoEp|Unhandled)/,
        'gateway.upstream',
        'the identity provider could not be asked',
      ],
    ] as const
  ).map(
    ([id, reason, cause, says]): Signal => ({
      ...alb,
      id: `aws-alb-auth-${id}`,
      when: (e) => own(e) && reason.test(e.attributes?.error_reason ?? ''),
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.93,
      status: [401, 403, 500, 561],
      says: `Login at the load balancer: ${says} ({error_reason})`,
    }),
  ),
  {
    ...alb,
    id: 'aws-alb-lambda-denied',
    when: (e) => e.attributes?.error_reason === 'LambdaAccessDenied',
    kind: 'decision',
    cause: 'permission.role',
    certainty: 'stated',
    confidence: 0.9,
    status: [502, 403],
    says: 'The load balancer lacks the permission to call the function',
  },
  {
    ...alb,
    id: 'aws-alb-desync',
    when: (e) => own(e) && /^(?:Severe|Ambiguous)$/.test(e.attributes?.classification ?? ''),
    kind: 'decision',
    cause: 'waf.protocol',
    certainty: 'stated',
    confidence: 0.9,
    status: [400, 403],
    says: 'Protection against request smuggling: the request can be read in two ways[ ({classification_reason})]',
  },
  {
    ...alb,
    id: 'aws-alb-relay',
    datasets: ['aws.alb', 'aws.elb'],
    when: (e) => status(e) >= 400 && e.upstreamStatusCode === status(e),
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.97,
    says: 'The target answered {upstreamStatusCode}, passed on',
  },
];

const api = { product: 'AWS API Gateway', source: GATEWAY } as const;
const apiLogs = ['aws.apigateway'] as const;
const denied = (e: Entry): boolean => e.eventCode === 'ACCESS_DENIED' && !has(e, 'clientCertSubject');
/** Types of a gateway response that stand for one reason, in both logs. */
const TYPES: readonly (readonly [string, Cause, number, string, ...Cause[]])[] = [
  ['EXPIRED_TOKEN', 'credential.expired', 0.95, 'The temporary credentials have expired'],
  [
    'INVALID_API_KEY',
    'credential.invalid',
    0.7,
    'No API key that is known for this stage came with it',
    'credential.missing',
    'credential.revoked',
    'gateway.tenant',
  ],
  [
    'MISSING_AUTHENTICATION_TOKEN',
    'gateway.route',
    0.7,
    'No such path, stage or method; the text about a missing token says the same',
    'credential.missing',
  ],
  [
    'WAF_FILTERED',
    'waf.custom',
    0.7,
    'AWS WAF refused it; which rule did stands in the log of the WAF',
    'waf.sqli',
    'waf.xss',
    'limit.rate',
    'address.reputation',
  ],
  [
    'UNAUTHORIZED',
    'credential.invalid',
    0.7,
    'The authorizer did not accept the caller',
    'credential.missing',
    'credential.expired',
  ],
  ['QUOTA_EXCEEDED', 'limit.quota', 0.96, 'The quota of the usage plan is used up'],
  ['THROTTLED', 'limit.rate', 0.96, 'The rate of the usage plan, the method or the account was exceeded'],
  ['AUTHORIZER_FAILURE', 'gateway.upstream', 0.85, 'The authorizer failed'],
  ['AUTHORIZER_CONFIGURATION_ERROR', 'gateway.upstream', 0.85, 'The authorizer cannot be used as it is configured'],
];
const API_GATEWAY: Signal[] = [
  {
    ...api,
    id: 'aws-apigw-mtls',
    datasets: apiLogs,
    when: (e) => status(e) === 403 && own(e) && has(e, 'clientCertSubject'),
    kind: 'decision',
    cause: 'config.tls',
    alternatives: ['credential.expired', 'credential.invalid'],
    certainty: 'implied',
    confidence: 0.8,
    says: 'The client certificate did not pass: its fields are logged only then[ (valid until {clientCertNotAfter})]',
  },
  {
    ...api,
    id: 'aws-apigw-scope',
    datasets: apiLogs,
    when: (e) => own(e) && (e.attributes?.authorizerError ?? '').includes('scope'),
    kind: 'decision',
    cause: 'credential.scope',
    certainty: 'stated',
    confidence: 0.85,
    says: 'The token lacks a scope that the route asks for ({authorizerError})',
  },
  {
    ...api,
    id: 'aws-apigw-denied-iam',
    datasets: apiLogs,
    when: (e) => denied(e) && (e.message ?? '').startsWith('User: arn:'),
    kind: 'decision',
    cause: 'permission.role',
    alternatives: ['address.not-allowed'],
    certainty: 'stated',
    confidence: 0.85,
    says: 'IAM or the policy of the API does not let this identity call it',
  },
  {
    ...api,
    id: 'aws-apigw-denied-anonymous',
    datasets: apiLogs,
    when: (e) => denied(e) && (e.message ?? '').startsWith('User: anonymous '),
    kind: 'decision',
    cause: 'address.not-allowed',
    alternatives: ['credential.missing'],
    certainty: 'implied',
    confidence: 0.6,
    says: 'The policy of the API does not let unsigned requests from here through',
  },
  {
    ...api,
    id: 'aws-apigw-denied-keys',
    datasets: apiLogs,
    when: (e) => denied(e) && (e.message ?? '').startsWith('The security token included in the request is invalid'),
    kind: 'decision',
    cause: 'credential.invalid',
    certainty: 'stated',
    confidence: 0.95,
    says: 'The access key is unknown',
  },
  {
    ...api,
    id: 'aws-apigw-denied-authorizer',
    datasets: apiLogs,
    when: (e) => denied(e) && !/^(?:User: |The security token)/.test(e.message ?? ''),
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'credential.invalid'],
    certainty: 'stated',
    confidence: 0.85,
    says: 'The authorizer’s policy does not allow it',
  },
  {
    ...api,
    id: 'aws-apigw-execution-denied',
    datasets: ['aws.apigateway.execution'],
    eventCode: 'ACCESS_DENIED',
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'address.not-allowed'],
    certainty: 'implied',
    confidence: 0.55,
    says: 'An authorizer or a policy denied the access',
  },
  {
    ...api,
    id: 'aws-apigw-signature-expired',
    datasets: apiLogs,
    when: (e) => e.eventCode === 'INVALID_SIGNATURE' && (e.message ?? '').startsWith('Signature expired'),
    kind: 'decision',
    cause: 'credential.expired',
    certainty: 'stated',
    confidence: 0.95,
    says: 'The signature is too old, or the clock of the client is wrong',
  },
  {
    ...api,
    id: 'aws-apigw-signature-invalid',
    datasets: ['aws.apigateway', 'aws.apigateway.execution'],
    when: (e) => e.eventCode === 'INVALID_SIGNATURE' && !(e.message ?? '').startsWith('Signature expired'),
    kind: 'decision',
    cause: 'credential.invalid',
    certainty: 'stated',
    confidence: 0.95,
    says: 'The signature of the request is wrong',
  },
  ...TYPES.map(
    ([code, cause, confidence, says, ...others]): Signal => ({
      ...api,
      id: `aws-apigw-${code.toLowerCase().replaceAll('_', '-')}`,
      datasets: ['aws.apigateway', 'aws.apigateway.execution'],
      eventCode: code,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: others.length > 0 && cause !== 'waf.custom' ? 'implied' : 'stated',
      confidence,
      layer: cause === 'waf.custom' ? 'waf' : undefined,
      status: [401, 403, 429, 500],
      says: `${says} ({eventCode})`,
    }),
  ),
  {
    ...api,
    id: 'aws-apigw-relay',
    datasets: apiLogs,
    when: (e) => status(e) >= 400 && e.upstreamStatusCode === status(e) && e.eventCode === null,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.95,
    says: 'The integration answered {upstreamStatusCode}, passed on',
  },
];

const cloudfront = { product: 'CloudFront', datasets: ['aws.cloudfront'], source: EDGE } as const;
const forbidden = (e: Entry): boolean => status(e) === 403;
const signed = (e: Entry): boolean => /(?:^|&)Key-Pair-Id=/.test(e.urlQuery ?? '');
function expired(e: Entry): boolean {
  const expires = /(?:^|&)Expires=(\d{9,11})(?:&|$)/.exec(e.urlQuery ?? '');
  return expires !== null && Number(expires[1]) * 1000 < e.timeMs;
}
const plain = (e: Entry): boolean => e.attributes?.['cs-protocol'] === 'http';
const CLOUDFRONT: Signal[] = [
  ...(
    [
      ['geo', /^ClientGeoBlocked$/, 'address.geo', 0.97, 'The country is blocked by the distribution'],
      [
        'method',
        /^InvalidRequestMethod$/,
        'config.method',
        0.96,
        'The cache behaviour does not allow {httpRequestMethod}',
      ],
      [
        'blocked',
        /^InvalidRequestBlocked$/,
        'config.access',
        0.7,
        'Access to this is blocked at the edge',
        'waf.custom',
      ],
      [
        'certificate',
        /^InvalidRequestCertificate$/,
        'config.host',
        0.9,
        'The host name does not belong to the distribution',
      ],
      ['limit', /^LimitExceeded$/, 'limit.quota', 0.9, 'A quota of CloudFront was exceeded'],
    ] as const
  ).map(
    ([id, outcome, cause, confidence, says, ...others]): Signal => ({
      ...cloudfront,
      id: `aws-cloudfront-${id}`,
      outcome,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [403, 421, 429, 503],
      says,
    }),
  ),
  {
    ...cloudfront,
    id: 'aws-cloudfront-invalid',
    outcome: /^InvalidRequest$/,
    when: forbidden,
    kind: 'decision',
    cause: 'waf.protocol',
    alternatives: ['config.method'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'CloudFront does not accept a request of this form, for instance a GET with a body',
  },
  {
    ...cloudfront,
    id: 'aws-cloudfront-signed-expired',
    when: (e) => forbidden(e) && signed(e) && expired(e),
    kind: 'decision',
    cause: 'credential.expired',
    certainty: 'implied',
    confidence: 0.9,
    says: 'The signed address had expired when it was asked for',
  },
  {
    ...cloudfront,
    id: 'aws-cloudfront-https-only',
    outcome: /^Error$/,
    when: (e) => forbidden(e) && plain(e),
    kind: 'decision',
    cause: 'config.tls',
    certainty: 'implied',
    confidence: 0.6,
    says: 'Asked for over plain HTTP, which a distribution for HTTPS only refuses',
  },
  {
    ...cloudfront,
    id: 'aws-cloudfront-error-403',
    outcome: /^Error$/,
    when: (e) => forbidden(e) && !plain(e) && !(signed(e) && expired(e)),
    kind: 'context',
    cause: 'unknown',
    alternatives: ['waf.custom', 'credential.missing', 'credential.invalid', 'permission.role', 'gateway.policy'],
    certainty: 'implied',
    confidence: 0.3,
    says: 'CloudFront answered 403: its WAF, a signed address, a function or the origin; the log does not say which',
  },
];

const s3 = { product: 'Amazon S3', datasets: ['aws.s3'], source: STORE } as const;
/** `X-Amz-Date` and `X-Amz-Expires` of a presigned address. */
function presignedExpired(e: Entry): boolean {
  const query = e.urlQuery ?? '';
  const date = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/i.exec(query);
  const lives = /X-Amz-Expires=(\d{1,7})/i.exec(query);
  if (date === null || lives === null) return false;
  const [, year, month, day, hour, minute, second] = date.map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) + Number(lives[1]) * 1000 < e.timeMs;
}
const accessDenied = (e: Entry): boolean => e.eventCode === 'AccessDenied' && forbidden(e);
const S3: Signal[] = [
  {
    ...s3,
    id: 'aws-s3-presigned-expired',
    when: (e) => accessDenied(e) && presignedExpired(e),
    kind: 'decision',
    cause: 'credential.expired',
    certainty: 'implied',
    confidence: 0.9,
    says: 'The presigned address had expired when it was asked for',
  },
  {
    ...s3,
    id: 'aws-s3-anonymous',
    when: (e) => accessDenied(e) && e.userName === null && !presignedExpired(e),
    kind: 'decision',
    cause: 'credential.missing',
    alternatives: ['permission.role'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'Asked for without a signature, and the bucket is not public',
  },
  {
    ...s3,
    id: 'aws-s3-access-denied',
    when: (e) => accessDenied(e) && e.userName !== null && !presignedExpired(e),
    kind: 'decision',
    cause: 'permission.role',
    alternatives: ['permission.ownership'],
    certainty: 'stated',
    confidence: 0.85,
    says: '{userName} lacks the permission for[ {operation} on] this object or bucket',
  },
  ...(
    [
      ['SignatureDoesNotMatch', 'credential.invalid', 0.9, 'The signature is wrong'],
      ['InvalidAccessKeyId', 'credential.invalid', 0.9, 'The access key is unknown'],
      ['InvalidToken', 'credential.invalid', 0.9, 'The session token is malformed'],
      ['ExpiredToken', 'credential.expired', 0.9, 'The temporary credentials have expired'],
      ['RequestTimeTooSkewed', 'credential.expired', 0.9, 'The clock of the client and that of S3 are too far apart'],
      ['AllAccessDisabled', 'limit.suspended', 0.85, 'All access to it has been switched off'],
      ['AccountProblem', 'limit.suspended', 0.85, 'The account has a problem that stops the operation'],
      ['InvalidPayer', 'limit.suspended', 0.8, 'Access is switched off for whoever has to pay for it'],
      ['InvalidObjectState', 'config.access', 0.85, 'The object is archived and has to be restored first'],
    ] as const
  ).map(
    ([code, cause, confidence, says]): Signal => ({
      ...s3,
      id: `aws-s3-${code.toLowerCase()}`,
      eventCode: code,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence,
      status: [400, 403],
      says: `${says} ({eventCode})`,
    }),
  ),
];

export default [...LOAD_BALANCER, ...API_GATEWAY, ...CLOUDFRONT, ...S3] satisfies Signal[];
