import type { ComponentChildren } from 'preact';
import type { Group } from '../device-groups.ts';

/** How many stand where, and the way there. */
export function GroupNav({ groups }: { groups: readonly (Group & { count: number })[] }) {
  return (
    <nav aria-label="Groups of devices">
      <ul>
        {groups.map(({ id, title, count }) => (
          <li key={id}>
            <a class={`chip ${id}`} href={`#${id}`}>
              <b>{count}</b> {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface SectionProps {
  group: Group;
  count: number;
  children: ComponentChildren;
}

/** A group with its heading; what was set aside is folded away. */
export function GroupSection({ group, count, children }: SectionProps) {
  const title = `${group.id}-title`;
  const head = (
    <>
      <h2 id={title}>
        {group.title} <span class="count">{count}</span>
      </h2>
      <p class="hint">{group.hint}</p>
    </>
  );
  return (
    <section id={group.id} class={`group ${group.id}`} aria-labelledby={title}>
      {group.id === 'aside' ? (
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
