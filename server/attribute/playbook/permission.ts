/** Playbooks for `permission.*`: who they are is known, what they may do is the question. */
import { apachePath, json, jsonPath, jsonRegex, shell } from './quote.ts';
import type { Category } from './template.ts';

export const permission: Category<'permission'> = {
  'permission.role': (v) => ({
    meaning: 'The client is logged in. Its role, group or policy does not include the right that this operation needs.',
    confirm: [
      'Read in the evidence which right was asked for, and for whom.',
      'List the roles of this user in the identity provider or the application, and compare with a user who gets through.',
      'Ask whether the role changed lately: a deployment, a directory sync, an expired group membership.',
      'Let the user log in again. Rights in a session or token are as old as the login.',
    ],
    fix: [
      {
        product: 'Django',
        text: 'Grant the one permission of the view to the group of the user.',
        snippet: `# manage.py shell\nfrom django.contrib.auth.models import Group, Permission\np = Permission.objects.get(content_type__app_label="<app>", codename="<permission>")\nGroup.objects.get(name="<group>").permissions.add(p)\n# whose rights are missing: ${v.user(json)}`,
      },
      {
        product: 'Spring',
        text: 'Match the rule to the authority that the user really has. hasRole("X") asks for the authority "ROLE_X".',
        snippet: `http.authorizeHttpRequests(a -> a\n    .requestMatchers(${v.path(jsonPath)}).hasAuthority("<authority>")\n    .anyRequest().authenticated());`,
      },
      {
        product: 'Laravel',
        text: 'Return true for this case in the policy or gate, and clear cached permissions after a change.',
        snippet: `Gate::define('<ability>', fn (User $user) => $user->hasRole('<role>'));\n// spatie/laravel-permission: php artisan permission:cache-reset`,
      },
      {
        product: 'Rails',
        text: 'Extend the one rule that the exception names (Pundit policy, CanCanCan ability).',
        snippet: `# CanCanCan, app/models/ability.rb\ncan :<action>, <Model> if user.role?(:<role>)`,
      },
      {
        product: 'ASP.NET Core',
        text: 'The requirement named in the log must hold for the user: add the role or claim, or correct the policy.',
        snippet: `builder.Services.AddAuthorization(o =>\n    o.AddPolicy("<policy>", p => p.RequireRole("<role>")));`,
      },
      {
        product: 'Express / Node.js',
        text: 'Change the guard of this route, not the guard of the router above it.',
        snippet: `router.use(${v.path(jsonPath)}, requireRole('<role>'));`,
      },
      {
        product: 'Symfony',
        text: 'Change the access_control entry of this path, or grant the role. The first matching entry wins.',
        snippet: `security:\n  access_control:\n    - { path: ${v.path(jsonRegex)}, roles: ROLE_<ROLE> }`,
      },
      {
        product: 'WordPress',
        text: 'Give the role the capability that the page asks for.',
        snippet: `wp cap add '<role>' '<capability>'\nwp user list-caps ${v.user(shell)}`,
      },
      {
        product: 'Kubernetes',
        text: 'Bind a role with this verb and resource in this namespace.',
        snippet: `kubectl auth can-i '<verb>' '<resource>' -n '<namespace>' --as=${v.user(shell)}\nkubectl create rolebinding '<name>' -n '<namespace>' --role='<role>' --user=${v.user(shell)}`,
      },
      {
        product: 'Apache',
        text: 'Add the group or user to the Require line of this path.',
        snippet: `<Location ${v.path(apachePath)}>\n  Require group <group>\n</Location>`,
      },
      {
        product: null,
        text: 'Grant the smallest role that contains the right, to the group and not to the single user. If the refusal is right, hide the link or button from people without the role.',
      },
    ],
    prevent: [
      'Test each role against each route, refused cases included.',
      'Log the missing right by name, so that the next refusal explains itself.',
    ],
    doNot: ['Do not grant an administrator role to get past one refusal.', 'Do not remove the check from the route.'],
  }),

  'permission.ownership': () => ({
    meaning: 'The client is logged in and may do this in general, but this resource belongs to somebody else.',
    confirm: [
      'Compare the owner of the resource with the user of the request.',
      'See whether this client asks for many different ids in a row: that is somebody trying numbers.',
      'If it is one person and one id, ask for a shared link, a changed owner or an account switch.',
    ],
    fix: [
      {
        product: 'Django',
        text: 'Share the object by an explicit rule, and filter the query by what the user may see.',
        snippet: `def get_queryset(self):\n    return Model.objects.filter(Q(owner=self.request.user) | Q(shared_with=self.request.user))`,
      },
      {
        product: 'Laravel',
        text: 'Let the policy know the case that is missing: shared, delegated, same team.',
        snippet: `public function view(User $user, Model $model): bool\n{\n    return $model->owner_id === $user->id || $model->team_id === $user->team_id;\n}`,
      },
      {
        product: 'Rails',
        text: 'Extend the policy by the case that is missing.',
        snippet: `def show?\n  record.owner_id == user.id || record.shared_with?(user)\nend`,
      },
      {
        product: 'Spring',
        text: 'Name the owner in the method rule.',
        snippet: `@PreAuthorize("#id == authentication.name or hasAuthority('<authority>')")`,
      },
      {
        product: 'CloudFront and S3',
        text: 'The object is owned by another account. Turn object ownership to the bucket owner, or let the writer grant it.',
        snippet: `aws s3api put-bucket-ownership-controls --bucket '<bucket>' \\\n  --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'`,
      },
      {
        product: null,
        text: 'Move or share the resource if the user should have it. If many ids are tried from one place, the refusal is right: treat it as an attack and limit the rate.',
      },
    ],
    prevent: [
      'Use ids that cannot be counted up.',
      'Alert on one client with many ownership refusals.',
      'Test every route with the id of a foreign object.',
    ],
    doNot: [
      'Do not drop the owner check because a caller says it is in the way.',
      `Do not answer with the owner's name; it tells a stranger who has an account.`,
    ],
  }),
};
