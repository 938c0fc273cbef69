import type { ComponentChildren } from 'preact';
import type { GroupId } from '../device-groups.ts';
import { useWords } from '../words.tsx';

interface NavProps {
  groups: readonly { id: GroupId; count: number }[];
}

/** How many stand where, and the way there. */
export function GroupNav({ groups }: NavProps) {
  const { m } = useWords();
  return (
    <nav aria-label={m.site.groupsNav}>
      <ul class="chips">
        {groups.map(({ id, count }) => (
          <li key={id}>
            <a class={`chip ${id}`} href={`#${id}`}>
              <b>{count}</b> {m.groups[id].title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface FilterProps extends NavProps {
  chosen: ReadonlySet<GroupId>;
  onToggle: (id: GroupId) => void;
}

/** The same for the list: pressed ones are shown; none pressed shows all. */
export function GroupFilter({ groups, chosen, onToggle }: FilterProps) {
  const { m } = useWords();
  return (
    <div role="group" aria-label={m.site.groupsNav} class="chips">
      {groups.map(({ id, count }) => (
        <button
          key={id}
          type="button"
          class={`chip ${id}`}
          aria-pressed={chosen.has(id)}
          onClick={() => {
            onToggle(id);
          }}
        >
          <b>{count}</b> {m.groups[id].title}
        </button>
      ))}
    </div>
  );
}

interface SectionProps {
  id: GroupId;
  count: number;
  children: ComponentChildren;
}

/** A group with its heading; what was set aside is folded away. */
export function GroupSection({ id, count, children }: SectionProps) {
  const { m } = useWords();
  const title = `${id}-title`;
  const head = (
    <>
      <h2 id={title}>
        {m.groups[id].title} <span class="count">{count}</span>
      </h2>
      <p class="hint">{m.groups[id].hint}</p>
    </>
  );
  return (
    <section id={id} class={`group ${id}`} aria-labelledby={title}>
      {id === 'aside' ? (
        <details>
          <summary>{head}</summary>
          <ul class="cards">{children}</ul>
        </details>
      ) : (
        <>
          <div class="group-head">{head}</div>
          <ul class="cards">{children}</ul>
        </>
      )}
    </section>
  );
}
