/**
 * Every bound in one place, each with its reason and what happens when it is reached.
 */

/** Raw bytes in one block. Large enough that zstd sees repetition, small enough that one line is read back in a millisecond and a stretch of time unpacks little besides. */
export const BLOCK_BYTES_MAX = 704 * 1024;

/** Bytes read from a file at once. A record longer than this is kept cut (`RECORD_BYTES_MAX`). */
export const READ_BYTES = 1024 * 1024;

/** A file that is behind by this much is read in pieces by the pool; less is read at once, in the engine's thread. */
export const BULK_BYTES = 4 * 1024 * 1024;

/** Bytes of one piece: enough that handing it over costs nothing, and each thread holds one or two of them. */
export const PIECE_BYTES = 2 * 1024 * 1024;

/** Of a file larger than this, the end is read first, and this much of it: minutes on a busy server, read in a fraction of a second. */
export const TAIL_FROM_BYTES = 64 * 1024 * 1024;
export const TAIL_BYTES = 8 * 1024 * 1024;

/** Pieces of one file that are read and not yet stored. */
export const PIECES_AHEAD = 8;

/** Threads of the pool at most: beyond it the one writer is the limit. Each costs some 60 MB. */
export const POOL_THREADS_MAX = 4;

/** Readers kept made (one for each format, wrapper and pattern); a file that changes its pattern with every line gets no further. */
export const READERS_KEPT = 500;

/** Longest record that is kept whole; the rest is dropped from the parse, counted, and named "torn". */
export const RECORD_BYTES_MAX = 256 * 1024;

/** Bytes from the start of a file that identify it together with device and inode. */
export const FINGERPRINT_BYTES_MAX = 1024;

/** Lines looked at to find the format of a source. */
export const DETECT_LINES = 200;
export const DETECT_BYTES = 256 * 1024;

/** Unreadable lines kept per source as samples, and how long each may be. */
export const UNPARSED_SAMPLES = 5;
export const SAMPLE_CHARS = 300;

/** Distinct routes counted per source; what comes later is counted as OTHER so that ids in paths cannot fill the disk. */
export const ROUTES_PER_SOURCE = 1000;
export const HOSTS_PER_SOURCE = 200;
export const OTHER = '(other)';

/** Requests are counted by minute and route for this long, by hour and route after that. A day and what a chart overlaps it. */
export const ROUTE_MINUTES_MS = 26 * 3_600_000;

/** Numbers of operations (host, route, method) kept at hand while counters are stored; 200 bytes each. */
export const OPERATIONS_KEPT = 50_000;

/** Width of the event-time buckets that are linked again when new lines fall into them. */
export const BUCKET_MS = 10_000;

/** How far outside of its buckets a segment looks for lines of its requests: slow answers and clocks that are not yet learned. */
export const SLACK_MS = 30_000;

/** Records in one linked segment; a longer stretch is linked in pieces. About 1 kB each. */
export const SEGMENT_RECORDS = 12_000;

/** Memory for the blocks that a thread keeps looked at for the next stretch: more than one stretch of four busy logs touches, or each is unpacked twice. */
export const LOOKS_KEPT_BYTES = 20 * 1024 * 1024;

/** Largest distance of two clocks that is learned from shared requests; zones are beyond it and learned in quarters of an hour. */
export const CLOCK_OFFSET_MAX_MS = 120_000;

/** Raw record shown in a face. */
export const RAW_CHARS_MAX = 8192;

/** A message that says one thing: the longest detail sentence. */
export const DETAIL_CHARS = 400;

/** Refusals whose verdicts are compressed together: one of them costs the unpacking of all, a millisecond. */
export const BODY_REFUSALS_MAX = 256;
/** Unpacked bodies kept by a reader; some 500 kB each. */
export const BODIES_KEPT = 8;

/** Rows in one API page. */
export const PAGE_ROWS_MAX = 500;

/** Points in a chart: more cannot be told apart on a screen. */
export const CHART_BUCKETS_MAX = 120;

/** The newest refusals that clients, users, routes and rules are ranked over: some 20 ms however many are stored. Said in the answer. */
export const TOP_ROWS_MAX = 5000;

/** Refusals behind a searched beginning of a path: more are not sorted in its index, some 20 ms for these, but looked for from the newest on. */
export const PATHS_SORTED_MAX = 200_000;

/** Requests that were let through, shown beside a refusal. */
export const ORDINARY_MAX = 5;

/** Refusals of one problem that its chart counts by the minute; of more it shows hours, which are counted already. */
export const COURSE_ROWS_MAX = 50_000;

/** Problems looked at for the marks in a chart, the most harmful first. */
export const PROBLEMS_MARKED_MAX = 100;

/** Files followed at once; directories with more are refused in words, not half read. */
export const SOURCES_MAX = 5000;

/** Attempts to deliver one alert message, with backoff from 1 s doubling to 5 min. */
export const DELIVERY_ATTEMPTS_MAX = 12;
export const DELIVERY_TIMEOUT_MS = 10_000;

/** Server-sent event streams open at once (each holds a socket). */
export const LIVE_STREAMS_MAX = 100;

/** Configuration of a server: files and bytes that are read of it, and how deep includes go. More is said, not read. */
export const CONFIG_FILES_MAX = 2000;
export const CONFIG_FILE_BYTES_MAX = 1024 * 1024;
export const CONFIG_BYTES_MAX = 32 * 1024 * 1024;
export const CONFIG_DEPTH_MAX = 16;
/** So much of a file tells whose configuration it is. */
export const CONFIG_SNIFF_BYTES = 64 * 1024;
