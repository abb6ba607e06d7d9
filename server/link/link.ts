/**
 * Joins the lines of one stretch of time into requests: by ids, then access log to access log from the outside
 * in, then error, audit and application lines to the access line they belong to. Pure: entries in, requests
 * out. It knows no causes; `explains` tells whether a line without any request data gives a reason. One file a step.
 */
import type { Placed } from '../model/line.ts';
import { joinAccessLogs } from './access.ts';
import { joinOthers } from './attach.ts';
import { joinByIds, joinWithinSource } from './ids.ts';
import { Lines, type LinkOptions } from './lines.ts';
import { joinReasons } from './reasons.ts';
import { type Survey, survey } from './relevant.ts';
import { type LinkResult, requestsOf } from './requests.ts';
import type { LinkSource } from './source.ts';
import { joinTwins } from './twins.ts';

export type { LinkOptions } from './lines.ts';
export type { LinkResult, SourceShare } from './requests.ts';

/** `around`: what was counted over all lines of the stretch; absent: these are all. */
export function link(
  records: Placed[],
  sources: Map<number, LinkSource>,
  options: LinkOptions,
  around: Survey = survey(records),
): LinkResult {
  const l = new Lines(records, sources, options, around);
  joinTwins(l);
  joinByIds(l);
  joinWithinSource(l);
  joinAccessLogs(l);
  joinOthers(l);
  joinReasons(l);
  return requestsOf(l);
}
