/** The mark of Cairn: three stones. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg className="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <ellipse cx="16" cy="25" rx="13" ry="5" />
      <ellipse cx="17" cy="15.5" rx="9" ry="4" />
      <ellipse cx="15.5" cy="7.5" rx="5.5" ry="3.2" />
    </svg>
  );
}
