import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface ViewProps {
  readonly title: string;
  /** One sentence on what is shown. */
  readonly lead?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Whether a view was shown before: the first one leaves the focus where the browser has it, before the link to skip the menu. */
let moved = false;

/** One view of the page: its heading gets the focus when one goes there, so that a screen reader says where one is. */
export function View({ title, lead, children }: ViewProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Waggle`;
  }, [title]);
  useEffect(() => {
    if (moved) heading.current?.focus({ preventScroll: true });
    moved = true;
  }, []);
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {lead !== undefined && <p class="lead">{lead}</p>}
      {children}
    </>
  );
}

/** A table that scrolls within itself where the screen is narrow; by keyboard too. */
export function Scrolling({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <section class="scrolling" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

/** Nothing to show, and why. */
export function Nothing({ children }: { readonly children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}
