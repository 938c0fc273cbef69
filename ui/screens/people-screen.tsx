import { useSignal } from '@preact/signals';
import type { SessionList, UserList } from '../../api/core/schemas.ts';
import { browserName } from '../browser-name.ts';
import { Ago } from '../components/age.tsx';
import { Note } from '../components/note.tsx';
import { Pending } from '../components/pending.tsx';
import type { Role } from '../roles.ts';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import { useSent } from '../use-sent.ts';
import { useWords } from '../words.tsx';
import { OwnPassword } from './own-password.tsx';
import { Passkeys, Tokens } from './people-keys.tsx';
import { RoleField, SureButton, Table } from './people-parts.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Panel, Screen } from './screen.tsx';
import { UserPassword } from './user-password.tsx';

/** Who may use this page and its API, and how they get in. */
export function PeopleScreen({ store, trust }: ScreenProps) {
  const t = useWords().m.screens.people;
  const { user, way } = store.session.value ?? {};
  const isAdmin = user?.role === 'admin';
  const isOwnUser = way === 'password' || way === 'passkey';
  return (
    <Screen title={t.title}>
      {isAdmin && <Users store={store} />}
      <Sessions store={store} />
      {isOwnUser && <OwnPassword store={store} />}
      {isOwnUser && <Passkeys store={store} trust={trust} />}
      {isAdmin && <Tokens store={store} />}
    </Screen>
  );
}

function Users({ store }: { store: LiveStore }) {
  const { m } = useWords();
  const t = m.screens.people;
  const { user: self, way } = store.session.value ?? {};
  const isOwnWay = way === 'password' || way === 'passkey';
  const users = useLoaded(() => store.ask<UserList>('GET', '/api/v1/users'), store);
  const sending = useSent();
  const change = async (method: string, name: string, body?: unknown): Promise<void> => {
    await sending.send(() => store.ask(method, `/api/v1/users/${encodeURIComponent(name)}`, body));
    users.again();
  };
  return (
    <Panel id="users-title" title={t.users}>
      <Pending of={users} what={t.users}>
        {({ items }) => (
          <Table heads={[t.name, t.role, '']} isEmpty={items.length === 0}>
            {items.map((user) => (
              <tr key={user.name}>
                <th scope="row">
                  <bdi>{user.name}</bdi>
                </th>
                <td>
                  <select
                    aria-label={`${t.role}: ${user.name}`}
                    value={user.role}
                    disabled={sending.isBusy}
                    onChange={(event) => void change('PATCH', user.name, { role: event.currentTarget.value })}
                  >
                    {(['viewer', 'claimer', 'admin'] as const).map((role) => (
                      <option key={role} value={role}>
                        {t.roles[role]}
                      </option>
                    ))}
                  </select>
                </td>
                <td class="last">
                  {!(isOwnWay && user.name === self?.name) && <UserPassword store={store} name={user.name} />}
                  <SureButton
                    name={t.remove(user.name)}
                    text={m.common.remove}
                    act={() => change('DELETE', user.name)}
                  />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Pending>
      <Note refusal={sending.refusal} urgent />
      <NewUser store={store} onMade={users.again} />
    </Panel>
  );
}

function NewUser({ store, onMade }: { store: LiveStore; onMade: () => void }) {
  const t = useWords().m.screens.people;
  const name = useSignal('');
  const password = useSignal('');
  const role = useSignal<Role>(store.session.value?.needsUser === true ? 'admin' : 'claimer');
  const sending = useSent();
  const add = async (): Promise<void> => {
    const body = { name: name.value.trim(), password: password.value, role: role.value };
    const made = await sending.send(() => store.ask<object>('POST', '/api/v1/users', body));
    if (made === undefined) return;
    name.value = '';
    password.value = '';
    onMade();
    await store.lookAgain();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <h4>{t.newUser}</h4>
      <div class="form-row">
        <div>
          <label for="new-name">{t.name}</label>
          <input
            id="new-name"
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </div>
        <div>
          <label for="new-password">{t.password}</label>
          <input
            id="new-password"
            type="password"
            required
            minLength={12}
            autocomplete="new-password"
            aria-describedby="new-password-hint"
            value={password.value}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
        </div>
        <RoleField id="new-role" role={role} />
      </div>
      <p class="hint" id="new-password-hint">
        {t.passwordHint} {t.roles[role.value]}: {t.roleHints[role.value]}.
      </p>
      <Note refusal={sending.refusal} urgent />
      <div class="actions end">
        <button type="submit" class="primary" disabled={sending.isBusy}>
          {t.add}
        </button>
      </div>
    </form>
  );
}

function Sessions({ store }: { store: LiveStore }) {
  const t = useWords().m.screens.people;
  const sessions = useLoaded(() => store.ask<SessionList>('GET', '/api/v1/sessions'), store);
  const sending = useSent();
  const end = async (id: string): Promise<void> => {
    await sending.send(() => store.ask('DELETE', `/api/v1/sessions/${encodeURIComponent(id)}`));
    sessions.again();
  };
  return (
    <Panel id="sessions-title" title={t.sessions}>
      <Pending of={sessions} what={t.sessions}>
        {({ items }) => (
          <Table heads={[t.name, t.from, t.used, '']} isEmpty={items.length === 0}>
            {items.map((session) => (
              <tr key={session.id}>
                <th scope="row">
                  <bdi>{session.user.name}</bdi> {session.current && <small>({t.thisOne})</small>}
                </th>
                <td>
                  <bdi>{session.ip}</bdi>{' '}
                  <small>
                    <bdi title={session.browser}>{browserName(session.browser)}</bdi>
                  </small>
                </td>
                <td data-head={t.used}>
                  <Ago store={store} at={session.lastUsedAt} />
                </td>
                <td class="last">
                  {!session.current && (
                    <SureButton name={t.endOf(session.user.name)} text={t.end} act={() => end(session.id)} />
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Pending>
      <Note refusal={sending.refusal} urgent />
    </Panel>
  );
}
