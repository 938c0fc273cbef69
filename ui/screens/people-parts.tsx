import { useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Role } from '../roles.ts';
import { useWords } from '../words.tsx';

/** Which role somebody, or a program, gets. */
export function RoleField({ id, role }: { id: string; role: Signal<Role> }) {
  const t = useWords().m.screens.people;
  return (
    <div>
      <label for={id}>{t.role}</label>
      <select id={id} value={role.value} onChange={(event) => (role.value = event.currentTarget.value as Role)}>
        {(['viewer', 'claimer', 'admin'] as const).map((each) => (
          <option key={each} value={each}>
            {t.roles[each]}
          </option>
        ))}
      </select>
    </div>
  );
}

interface TextProps {
  id: string;
  label: string;
  maxLength: number;
  text: Signal<string>;
}

/** A line of text that must be given. */
export function TextField({ id, label, maxLength, text }: TextProps) {
  return (
    <div>
      <label for={id}>{label}</label>
      <input
        id={id}
        required
        maxLength={maxLength}
        autocomplete="off"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
    </div>
  );
}

interface SureProps {
  /** What a reader by ear hears. */
  name: string;
  text: string;
  act: () => Promise<void>;
}

/** How long a first press is remembered. */
const SURE_MS = 4000;

/** Does it at the second press: for what is small, and cannot be taken back. */
export function SureButton({ name, text, act }: SureProps) {
  const t = useWords().m.screens.people;
  const asked = useSignal(false);
  useEffect(() => {
    if (!asked.value) return undefined;
    const timer = setTimeout(() => (asked.value = false), SURE_MS);
    return () => clearTimeout(timer);
  }, [asked.value]);
  const press = (): void => {
    if (asked.value) void act();
    asked.value = !asked.value;
  };
  return (
    <button type="button" class="quiet small" aria-label={asked.value ? `${name}: ${t.sure}` : name} onClick={press}>
      {asked.value ? t.sure : text}
    </button>
  );
}

interface TableProps {
  heads: readonly string[];
  isEmpty: boolean;
  children: ComponentChildren;
}

/** A small table that says so when it is empty; the last column has no name when its head is empty. */
export function Table({ heads, isEmpty, children }: TableProps) {
  const t = useWords().m.screens.people;
  if (isEmpty) return <p class="hint">{t.empty}</p>;
  return (
    <table class="plain stack">
      <thead>
        <tr>
          {heads.map((head, at) =>
            head === '' ? (
              <td key={at} />
            ) : (
              <th key={at} scope="col">
                {head}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
