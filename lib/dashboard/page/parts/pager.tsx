interface PagerProps {
  readonly label: string;
  readonly onNewer?: () => void;
  readonly onOlder?: () => void;
}

/** Goes through the pages of a list; nothing where there is one page. */
export function Pager({ label, onNewer, onOlder }: PagerProps) {
  if (onNewer === undefined && onOlder === undefined) return null;
  return (
    <nav class="bar" aria-label={label}>
      <button type="button" disabled={onNewer === undefined} onClick={onNewer}>
        Newer
      </button>
      <button type="button" disabled={onOlder === undefined} onClick={onOlder}>
        Older
      </button>
    </nav>
  );
}
