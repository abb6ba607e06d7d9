/** Line icons, 16 px grid, drawn for this page. Decorative: the control around them carries the name. */
import type { ReactNode } from 'react';

function icon(children: ReactNode) {
  // biome-ignore lint/correctness/noComponentHookFactories: called once per icon, when this file is loaded
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {children}
      </svg>
    );
  };
}

export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.25" />
    <path d="m10.2 10.2 3.3 3.3" />
  </>,
);
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.75" />
    <path d="M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
  </>,
);
export const MoonIcon = icon(<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />);
export const AutoIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 2.5a5.5 5.5 0 0 1 0 11Z" fill="currentColor" />
  </>,
);
export const PauseIcon = icon(<path d="M5.75 3.5v9M10.25 3.5v9" />);
export const PlayIcon = icon(<path d="M5 3.2v9.6l7.5-4.8Z" />);
export const FunnelIcon = icon(<path d="M2.5 3.5h11L9.3 8.6v4.1l-2.6-1.3V8.6Z" />);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
  </>,
);
export const CheckIcon = icon(<path d="m3 8.5 3.2 3.2L13 5" />);
export const MoreIcon = icon(
  <>
    <circle cx="3.5" cy="8" r=".75" fill="currentColor" />
    <circle cx="8" cy="8" r=".75" fill="currentColor" />
    <circle cx="12.5" cy="8" r=".75" fill="currentColor" />
  </>,
);
export const ArrowLeftIcon = icon(<path d="M13 8H3M7 4 3 8l4 4" />);
export const ArrowRightIcon = icon(<path d="M3 8h10M9 4l4 4-4 4" />);
export const ArrowUpIcon = icon(<path d="M8 13V3M4 7l4-4 4 4" />);
export const ChevronIcon = icon(<path d="m6 4 4 4-4 4" />);
export const BellIcon = icon(
  <path d="M4 7a4 4 0 0 1 8 0c0 3 1.2 4 1.2 4H2.8S4 10 4 7ZM6.6 13.3a1.5 1.5 0 0 0 2.8 0" />,
);
export const WarnIcon = icon(<path d="M8 2.6 14.2 13H1.8ZM8 6.5v3M8 11.2v.1" />);
export const MinusIcon = icon(<path d="M3.5 8h9" />);
export const PlusIcon = icon(<path d="M3.5 8h9M8 3.5v9" />);
export const CalendarIcon = icon(
  <>
    <rect x="2.5" y="3.5" width="11" height="10" rx="1.5" />
    <path d="M2.5 6.8h11M5.5 2v2.6M10.5 2v2.6" />
  </>,
);
export const BookmarkIcon = icon(<path d="M4.5 2.5h7v11L8 10.7l-3.5 2.8Z" />);
export const DownloadIcon = icon(<path d="M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10" />);
export const ColumnsIcon = icon(
  <>
    <rect x="2.5" y="3" width="11" height="10" rx="1.5" />
    <path d="M6.2 3v10M9.8 3v10" />
  </>,
);
export const GearIcon = icon(
  <>
    <circle cx="8" cy="8" r="2" />
    <path d="M8 1.8v1.9M8 12.3v1.9M1.8 8h1.9M12.3 8h1.9M3.6 3.6 5 5M11 11l1.4 1.4M3.6 12.4 5 11M11 5l1.4-1.4" />
    <circle cx="8" cy="8" r="4.3" />
  </>,
);
export const ArrowDownIcon = icon(<path d="M8 3v10M4 9l4 4 4-4" />);
export const LinkIcon = icon(<path d="M9.5 3h3.5v3.5M13 3 7.5 8.5M11 9.5V13H3V5h3.5" />);

/* What stands where on a request's way. */
export const ClientIcon = icon(
  <>
    <circle cx="8" cy="5.3" r="2.6" />
    <path d="M3 13.5a5 5 0 0 1 10 0" />
  </>,
);
const NetworkIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M2.5 8h11M8 2.5c2 1.8 2 9.2 0 11-2-1.8-2-9.2 0-11Z" />
  </>,
);
const CdnIcon = icon(<path d="M4.6 12.5a2.9 2.9 0 0 1-.3-5.8A4 4 0 0 1 12 7.2a2.7 2.7 0 0 1-.4 5.3Z" />);
const BalancerIcon = icon(
  <path d="M2 8h4M6 8c2.5 0 2-4 4.5-4H13M6 8c2.5 0 2 4 4.5 4H13M11.5 2.5 13 4l-1.5 1.5M11.5 10.5 13 12l-1.5 1.5" />,
);
const ShieldIcon = icon(<path d="M8 2 13 3.8v4c0 3-2.2 5-5 6.2-2.8-1.2-5-3.2-5-6.2v-4Z" />);
const GatewayIcon = icon(<path d="M3 13.5V7a5 5 0 0 1 10 0v6.5M1.8 13.5h12.4M8 2v11.5" />);
const ServerIcon = icon(
  <>
    <rect x="2.5" y="3" width="11" height="4" rx="1" />
    <rect x="2.5" y="9" width="11" height="4" rx="1" />
    <path d="M5 5h.1M5 11h.1" />
  </>,
);
const AppIcon = icon(<path d="M6 4.5 2.5 8 6 11.5M10 4.5 13.5 8 10 11.5" />);
export const LAYER_ICONS = {
  network: NetworkIcon,
  cdn: CdnIcon,
  loadbalancer: BalancerIcon,
  waf: ShieldIcon,
  gateway: GatewayIcon,
  web: ServerIcon,
  app: AppIcon,
};
