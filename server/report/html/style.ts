/** The look of the report: the page's colours (web/styles/tokens.css), light and dark, on paper, and at 360 px. */
import { createHash } from 'node:crypto';

const LIGHT =
  '--bg:#f5f6f8;--surface:#fff;--sunken:#f0f2f5;--line:#e2e5ea;--strong:#c3c9d2;--ink:#161a22;--muted:#565f6e;--accent:#2b52c4;--brand:#c2362f;--bad:#b3261e;--bad-soft:#fdecea;--good:#1c6b3f;--good-soft:#e3f4ea;--warn:#7d5200;--warn-soft:#fdf1d8;--mark:#ffe08a;--mark-ink:#2a2000;--permission:#2f6bd0;--credential:#6cb2e8;--csrf:#4c2a8c;--origin:#e3b9e8;--waf:#b3261e;--address:#ef8f35;--config:#0b5049;--limit:#ead25a;--app:#8f2468;--gateway:#86cf96;--unknown:#8d95a1;--harmed:#c2362f;--noise:#6b7a90;--undecided:#c79a2b';
const DARK =
  '--bg:#0d1015;--surface:#161a21;--sunken:#0f1318;--line:#272d37;--strong:#414a58;--ink:#e9ecf1;--muted:#9ca6b5;--accent:#8eaefc;--brand:#ff7a70;--bad:#ff9088;--bad-soft:#3a1b1b;--good:#74d39d;--good-soft:#14301f;--warn:#f0c36a;--warn-soft:#33270f;--mark:#6b5410;--mark-ink:#fff3c9;--permission:#5b8ff0;--credential:#86c5f7;--csrf:#7549cf;--origin:#efd0f3;--waf:#d9443c;--address:#f59a45;--config:#1f8f83;--limit:#f0dc78;--app:#c14f97;--gateway:#86cf96;--unknown:#8d95a1;--harmed:#ff7a70;--noise:#8b99ae;--undecided:#e0b550';

export const CATEGORIES = [
  'permission',
  'credential',
  'csrf',
  'origin',
  'waf',
  'address',
  'config',
  'limit',
  'app',
  'gateway',
  'unknown',
] as const;

export const STYLE = [
  `:root{color-scheme:light dark;${LIGHT}}@media(prefers-color-scheme:dark){:root{${DARK}}}`,
  '*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}',
  'main{max-width:1120px;margin:0 auto;padding:28px 20px 64px}a{color:var(--accent)}p{margin:0 0 8px}h1,h2,h3,h4{line-height:1.25;margin:0;font-weight:650}',
  'header.top{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px;margin-bottom:20px}h1{font-size:26px;letter-spacing:-.02em}h1 b{color:var(--brand);font-weight:750}h2{font-size:18px;margin:36px 0 12px}h3{font-size:15px}h4{font-size:12px;letter-spacing:.04em;text-transform:uppercase;color:var(--muted);margin:18px 0 6px}',
  '.quiet,small,figcaption,.none{color:var(--muted)}small{font-size:12.5px}code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12.5px}body{overflow-wrap:anywhere}',
  '.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:16px 18px}',
  '.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 16px}.figures div{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:12px 16px}.figures dt{color:var(--muted);font-size:13px}.figures dd{margin:0;font-size:27px;font-weight:680;letter-spacing:-.02em;font-variant-numeric:tabular-nums}.figures dd small{font-weight:400;letter-spacing:0}',
  'figure{margin:0}svg{display:block;width:100%;height:auto}.chart svg{min-width:620px}svg text{font:11px system-ui,sans-serif;fill:var(--muted)}.grid{stroke:var(--line)}.axis{stroke:var(--strong)}.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:10px;font-size:13px}',
  '.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px;vertical-align:0}',
  ...CATEGORIES.map((c) => `.f-${c}{fill:var(--${c})}.dot.c-${c}{background:var(--${c})}`),
  ...['harmed', 'noise', 'undecided'].map((c) => `.f-${c}{fill:var(--${c})}.dot.c-${c}{background:var(--${c})}`),
  '.f-bar{fill:var(--accent);opacity:.75}.track{fill:var(--sunken)}',
  '.tops{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:14px}.tops ol{list-style:none;margin:8px 0 0;padding:0}.tops li{padding:5px 0}.tops .row{display:flex;justify-content:space-between;gap:12px;font-size:14px}.tops .row span:last-child{font-variant-numeric:tabular-nums;white-space:nowrap}.tops svg{height:4px;margin-top:3px}',
  '.wide{overflow-x:auto;border-radius:8px}.wide:focus-visible,summary:focus-visible,pre:focus-visible{outline:2px solid var(--accent);outline-offset:2px}table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{text-align:left;vertical-align:top;padding:7px 14px 7px 0;border-bottom:1px solid var(--line)}th{color:var(--muted);font-weight:550;font-size:12.5px;white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.t{white-space:nowrap;font-variant-numeric:tabular-nums}td.r{min-width:180px}',
  '.problem{background:var(--surface);border:1px solid var(--line);border-radius:12px;margin:0 0 10px}.problem>summary{list-style:none;cursor:pointer;padding:14px 18px;display:grid;grid-template-columns:minmax(0,1fr) 150px 92px;gap:4px 18px;align-items:center}.problem>summary::-webkit-details-marker{display:none}.problem>summary h3::before{content:"▸";display:inline-block;width:16px;color:var(--muted);transition:transform .15s}.problem[open]>summary h3::before{transform:rotate(90deg)}.problem .sub{grid-column:1;color:var(--muted);font-size:13.5px;padding-left:16px}.problem .spark{grid-column:2;grid-row:1/3}.problem .spark svg{height:34px}.problem .count{grid-column:3;grid-row:1/3;text-align:right;font-size:21px;font-weight:680;font-variant-numeric:tabular-nums}.problem .count small{display:block;font-weight:400}.inside{padding:0 18px 18px;border-top:1px solid var(--line)}',
  '.pill{display:inline-block;font-size:12px;font-weight:600;border-radius:99px;padding:1px 9px;margin:0 6px 0 0;background:var(--sunken);color:var(--muted)}.pill.new,.pill.regressed{background:var(--bad-soft);color:var(--bad)}.pill.resolved{background:var(--good-soft);color:var(--good)}.pill.ongoing{background:var(--warn-soft);color:var(--warn)}',
  '.verdict{font-size:16px;margin:14px 0 4px}dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px 18px;margin:12px 0}dl.facts dt{font-size:12.5px;color:var(--muted)}dl.facts dd{margin:0}',
  'pre{background:var(--sunken);border:1px solid var(--line);border-radius:8px;padding:10px 12px;margin:4px 0 10px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:22em;overflow:auto}mark{background:var(--mark);color:var(--mark-ink);border-radius:3px;padding:0 2px}',
  'ol.way{list-style:none;margin:0;padding:0}ol.way>li{border-left:2px solid var(--strong);padding:0 0 8px 14px;margin-left:5px;position:relative}ol.way>li::before{content:"";position:absolute;left:-6px;top:6px;width:10px;height:10px;border-radius:50%;background:var(--surface);border:2px solid var(--strong)}ol.way>li.decided{border-left-color:var(--brand)}ol.way>li.decided::before{background:var(--brand);border-color:var(--brand)}',
  '.fix{border:1px solid var(--line);border-radius:10px;padding:10px 14px;margin:0 0 8px}ul{margin:0;padding-left:20px}footer{margin-top:40px;color:var(--muted);font-size:13px}',
  '@media(max-width:640px){main{padding:18px 12px 40px}.problem>summary{grid-template-columns:minmax(0,1fr) 76px}.problem .spark{display:none}.problem .count{grid-column:2}.card{padding:14px}.figures dd{font-size:23px}}',
  '@media print{:root{color-scheme:light;' +
    LIGHT +
    ';--bg:#fff}body{font-size:11.5px}main{max-width:none;padding:0}.card,.figures div,.problem,.fix{break-inside:avoid;border-color:#bbb}.problem{break-inside:auto}summary{break-after:avoid}details::details-content{content-visibility:visible!important;block-size:auto!important;opacity:1!important}.problem>summary h3::before{content:""}pre{max-height:none}h2,h3,h4{break-after:avoid}a{color:inherit;text-decoration:none}}',
].join('');

/** For the policy in the file: only this style, no script, nothing from anywhere. */
export const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'`;
