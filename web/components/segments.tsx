/** One of a few, all in sight: radio buttons drawn as a strip. */
import { useId } from 'react';

export function Segments({
  name,
  choices,
  value,
  onChange,
  small,
}: {
  /** For screen readers. */
  name: string;
  choices: { key: string; title: string; n?: string; says?: string }[];
  value: string;
  onChange: (key: string) => void;
  small?: boolean;
}) {
  const id = useId();
  return (
    <fieldset className={small ? 'range range-small' : 'range'}>
      <legend className="sr-only">{name}</legend>
      {choices.map((c) => (
        <label key={c.key} title={c.says}>
          <input type="radio" name={id} value={c.key} checked={value === c.key} onChange={() => onChange(c.key)} />
          <span>
            {c.title} {c.n !== undefined && <b className="num">{c.n}</b>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
