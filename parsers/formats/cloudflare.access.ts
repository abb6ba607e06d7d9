/** Cloudflare Access (Zero Trust) Logpush `access_requests`: who was let in to which application, or not. */
import { addAttribute } from '../fields.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';

/** `admin.example.com/path` */
const application: Take = (entry, value, name) => {
  const text = String(value);
  const slash = text.indexOf('/');
  set.host(entry, slash < 0 ? text : text.slice(0, slash), name);
  addAttribute(entry, 'AppDomain', text);
  return true;
};

export const format = jsonFormat({
  dataset: 'cloudflare.access',
  title: 'Cloudflare Access requests (Logpush)',
  usualLayer: 'cdn',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"RayID"'], ['"Allowed"'], ['"Action"'], ['"AppDomain"', '"AppUUID"']],
  names: names({
    CreatedAt: set.time,
    IPAddress: set.client,
    Email: set.user,
    RayID: set.id,
    AppDomain: application,
    Allowed: ((entry, value) => {
      entry.eventOutcome = value === true || value === 'true' ? 'allowed' : 'denied';
      return false;
    }) as Take,
  }),
  timeField: 'CreatedAt',
});
