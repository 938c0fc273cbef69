import type { PageCertificateView } from '../../api/core/schemas.ts';
import { dayText } from '../age.ts';
import { Row } from '../components/device-details.tsx';
import { Note } from '../components/note.tsx';
import { Pending } from '../components/pending.tsx';
import { nameAndId } from '../device-groups.ts';
import { LANGUAGES, type Language } from '../language.ts';
import type { LiveStore } from '../live-store.ts';
import { deviceHref } from '../route.ts';
import type { PageTrust } from '../trust.ts';
import { useLoaded } from '../use-loaded.ts';
import { useSent } from '../use-sent.ts';
import { rich, useWords } from '../words.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Panel, Screen } from './screen.tsx';

/** The reader's language, whether this page is trusted, what is ignored, and what this appliance is. */
export function SettingsScreen({ store, trust, onLanguage }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.settings;
  return (
    <Screen title={t.title}>
      <Panel id="language-title" title={t.language} hint={t.languageHint}>
        <label class="unseen" for="language">
          {t.language}
        </label>
        <select
          id="language"
          value={Object.entries(LANGUAGES).find(([, { name }]) => name === m.languageName)?.[0] ?? 'en'}
          onChange={(event) => onLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([id, { name }]) => (
            <option key={id} value={id} lang={id}>
              {name}
            </option>
          ))}
        </select>
      </Panel>
      <Trust store={store} trust={trust} />
      <Ignored store={store} />
      <About store={store} />
    </Screen>
  );
}

function Trust({ store, trust }: { store: LiveStore; trust: PageTrust }) {
  const words = useWords();
  const t = words.m.screens.settings;
  const view = useLoaded(() => store.ask<PageCertificateView>('GET', '/api/v1/page-certificate'), store);
  const isTrusted = trust.isTrusted.value;
  return (
    <Panel id="trust-title" title={t.trust}>
      {isTrusted !== undefined && (
        <p class={isTrusted ? 'note good' : 'note wary'}>
          <strong>{isTrusted ? t.trusted : t.untrusted}</strong>
        </p>
      )}
      <Pending of={view} what={t.trust}>
        {(body) => (
          <>
            <Note refusal={body.trouble} />
            <p>
              {t.issuer[body.issuer]} {t.validUntil(dayText(body.notAfter, words))}
            </p>
            <dl>
              <Row name={t.names}>{body.names.join(', ')}</Row>
              <Row name={t.fingerprint}>
                {body.issuer === 'SiteCa' && <code>{body.caFingerprint.match(/.{1,4}/g)?.join(' ')}</code>}
              </Row>
            </dl>
            {body.issuer === 'SiteCa' && (
              <>
                <p class="hint">{t.fingerprintHint}</p>
                <p>
                  <a class="button" href="/trust">
                    {t.install}
                  </a>
                </p>
              </>
            )}
          </>
        )}
      </Pending>
    </Panel>
  );
}

/** What was ignored is remembered; here it is taken back. */
function Ignored({ store }: { store: LiveStore }) {
  const { m } = useWords();
  const t = m.screens.settings;
  const sending = useSent();
  const ignored = (store.devices.value ?? []).filter(({ stage }) => stage === 'Ignored');
  const undo = (id: string) =>
    sending.send(() =>
      store.ask('POST', `/api/v1/devices/${encodeURIComponent(id)}/decision`, { decision: 'Undecided' }),
    );
  return (
    <Panel id="ignored-title" title={t.ignored} hint={t.ignoredHint}>
      {ignored.length === 0 && <p class="hint">{t.noIgnored}</p>}
      <ul class="list-plain">
        {ignored.map((device) => (
          <li key={device.id}>
            <span>
              <a href={deviceHref(device.id)}>
                <bdi>{nameAndId(device, m)}</bdi>
              </a>{' '}
              <small>{device.macs[0]}</small>
            </span>
            <button type="button" class="small" disabled={sending.isBusy} onClick={() => void undo(device.id)}>
              {t.undo}
            </button>
          </li>
        ))}
      </ul>
      <Note refusal={sending.refusal} urgent />
    </Panel>
  );
}

function About({ store }: { store: LiveStore }) {
  const t = useWords().m.screens.settings;
  const site = store.site.value;
  if (site === undefined) return null;
  return (
    <Panel id="about-title" title={t.about}>
      <p>{rich(t.versions, { kubernetes: site.kubernetes.version, usher: site.version })}</p>
      <dl>
        <Row name={t.interfaces}>
          {site.interfaces.map(({ name, addresses }) => `${name} ${addresses.join(' ')}`.trim()).join(', ')}
        </Row>
        <Row name={t.enrolUrls}>{site.enrolUrls.join(', ')}</Row>
      </dl>
    </Panel>
  );
}
