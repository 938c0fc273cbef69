import { useSignal } from '@preact/signals';
import type { ApiTokenList, CreatedApiToken, PasskeyList } from '../../api/core/schemas.ts';
import { dayText } from '../age.ts';
import { Ago } from '../components/age.tsx';
import { Command } from '../components/command.tsx';
import { Note } from '../components/note.tsx';
import { Pending } from '../components/pending.tsx';
import type { Role } from '../roles.ts';
import type { LiveStore } from '../live-store.ts';
import type { PageTrust } from '../trust.ts';
import { useLoaded } from '../use-loaded.ts';
import { useSent } from '../use-sent.ts';
import { useWords } from '../words.tsx';
import { RoleField, SureButton, Table, TextField } from './people-parts.tsx';
import { Panel } from './screen.tsx';

const DAY_SEC = 86_400;

/** The reader's own passkeys. */
export function Passkeys({ store, trust }: { store: LiveStore; trust: PageTrust }) {
  const words = useWords();
  const { m } = words;
  const t = m.screens.people;
  const keys = useLoaded(() => store.ask<PasskeyList>('GET', '/api/v1/passkeys'), store);
  const sending = useSent();
  const name = useSignal('');
  const mayHave = trust.isTrusted.value !== false && 'PublicKeyCredential' in window;
  const add = async (): Promise<void> => {
    const { addPasskey } = await import('../passkeys.ts');
    const made = await sending.send(() => addPasskey(store, name.value.trim(), m));
    if (made === undefined) return;
    name.value = '';
    keys.again();
    // The first one is a way to sign in that was not there before, and the last one was.
    await store.lookAgain();
  };
  const remove = async (id: string): Promise<void> => {
    await sending.send(() => store.ask('DELETE', `/api/v1/passkeys/${encodeURIComponent(id)}`));
    keys.again();
    await store.lookAgain();
  };
  return (
    <Panel id="passkeys-title" title={t.passkeys} hint={t.passkeyHint}>
      <Pending of={keys} what={t.passkeys}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="hint">{t.noPasskeys}</p>
          ) : (
            <Table heads={[t.name, t.began, '']} isEmpty={false}>
              {items.map((key) => (
                <tr key={key.id}>
                  <th scope="row">
                    <bdi>{key.name}</bdi>{' '}
                    <small>
                      <bdi>{key.host}</bdi>
                    </small>
                  </th>
                  <td data-head={t.began}>{dayText(key.createdAt, words)}</td>
                  <td class="last">
                    <SureButton name={t.remove(key.name)} text={m.common.remove} act={() => remove(key.id)} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Pending>
      <Note refusal={sending.refusal} urgent />
      {mayHave ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <div class="form-row">
            <TextField id="passkey-name" label={t.name} maxLength={64} text={name} />
            <button type="submit" disabled={sending.isBusy}>
              {t.addPasskey}
            </button>
          </div>
        </form>
      ) : (
        <p class="note wary">
          <strong>{t.passkeyUntrusted}</strong>
          <a href="/trust">{m.screens.scan.trust}</a>
        </p>
      )}
    </Panel>
  );
}

/** Tokens for programs. */
export function Tokens({ store }: { store: LiveStore }) {
  const words = useWords();
  const { m } = words;
  const t = m.screens.people;
  const tokens = useLoaded(() => store.ask<ApiTokenList>('GET', '/api/v1/api-tokens'), store);
  const sending = useSent();
  const note = useSignal('');
  const days = useSignal('90');
  const role = useSignal<Role>('viewer');
  const made = useSignal<string | undefined>(undefined);
  const make = async (): Promise<void> => {
    const body = { name: note.value.trim(), role: role.value, expiresInSec: Number(days.value) * DAY_SEC };
    const created = await sending.send(() => store.ask<CreatedApiToken>('POST', '/api/v1/api-tokens', body));
    if (created === undefined) return;
    made.value = created.token;
    note.value = '';
    tokens.again();
  };
  const revoke = async (id: string): Promise<void> => {
    await sending.send(() => store.ask('DELETE', `/api/v1/api-tokens/${encodeURIComponent(id)}`));
    tokens.again();
  };
  return (
    <Panel id="tokens-title" title={t.tokens} hint={t.tokenHint}>
      <Pending of={tokens} what={t.tokens}>
        {({ items }) => (
          <Table heads={[t.note, t.role, t.expires, t.used, '']} isEmpty={items.length === 0}>
            {items.map((token) => (
              <tr key={token.id}>
                <th scope="row">
                  <bdi>{token.name}</bdi> {token.state === 'ownerless' && <small>({t.tokenRefused})</small>}
                </th>
                <td>{t.roles[token.role]}</td>
                <td data-head={t.expires}>{dayText(token.expiresAt, words)}</td>
                <td data-head={t.used}>
                  {token.lastUsedAt === undefined ? t.never : <Ago store={store} at={token.lastUsedAt} />}
                </td>
                <td class="last">
                  <SureButton name={t.revokeToken(token.name)} text={m.common.remove} act={() => revoke(token.id)} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Pending>
      {made.value !== undefined && (
        <div class="note good" role="status">
          <strong>{t.tokenMade}</strong>
          <Command text={made.value} />
          <div class="actions">
            <button type="button" onClick={() => (made.value = undefined)}>
              {m.common.done}
            </button>
          </div>
        </div>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div class="form-row">
          <TextField id="token-note" label={t.note} maxLength={128} text={note} />
          <RoleField id="token-role" role={role} />
          <div>
            <label for="token-days">{t.days}</label>
            <input
              id="token-days"
              type="number"
              min={1}
              max={365}
              required
              value={days.value}
              onInput={(event) => (days.value = event.currentTarget.value)}
            />
          </div>
        </div>
        <Note refusal={sending.refusal} urgent />
        <div class="actions end">
          <button type="submit" disabled={sending.isBusy}>
            {t.makeToken}
          </button>
        </div>
      </form>
    </Panel>
  );
}
