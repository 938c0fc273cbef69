import { useSignal, type Signal } from '@preact/signals';
import type {
  ApprovalRuleList,
  ApprovalRulePreview,
  ApprovalRuleView,
  NewApprovalRule,
  TokenList,
} from '../../api/core/schemas.ts';
import { Command } from '../components/command.tsx';
import { Note } from '../components/note.tsx';
import { Pending } from '../components/pending.tsx';
import { Said } from '../components/said.tsx';
import type { LiveStore } from '../live-store.ts';
import { deviceHref } from '../route.ts';
import { useLoaded } from '../use-loaded.ts';
import { useSent, type Sent } from '../use-sent.ts';
import { useWords } from '../words.tsx';
import { SureButton } from './people-parts.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Panel, Screen } from './screen.tsx';

/** What a rule would do, as it was tried out last. */
interface Plan {
  rule: string;
  items: ApprovalRulePreview['items'];
}

/** Rules that claim the devices of a batch by themselves: tried out first, then switched on. */
export function RulesScreen({ store }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.rules;
  const rules = useLoaded(() => store.ask<ApprovalRuleList>('GET', '/api/v1/approval-rules'), store);
  const plan = useSignal<Plan | undefined>(undefined);
  const sending = useSent();
  const tryOut = async (rule: NewApprovalRule): Promise<void> => {
    const path = '/api/v1/approval-rules/preview';
    const reply = await sending.send(() => store.ask<ApprovalRulePreview>('POST', path, rule));
    plan.value = reply === undefined ? undefined : { rule: rule.name, items: reply.items };
  };
  return (
    <Screen title={t.title} hint={t.hint}>
      <Pending of={rules} what={t.what}>
        {({ items }) =>
          items.length === 0 ? (
            <p>{t.none}</p>
          ) : (
            items.map((rule) => (
              <Rule key={rule.name} rule={rule} store={store} tryOut={tryOut} onChange={rules.again} />
            ))
          )
        }
      </Pending>
      {plan.value !== undefined && <Planned plan={plan.value} />}
      {store.may('admin') ? (
        <NewRule store={store} sending={sending} tryOut={tryOut} onMade={rules.again} />
      ) : (
        <Note refusal={sending.refusal} urgent />
      )}
    </Screen>
  );
}

interface RuleProps {
  rule: ApprovalRuleView;
  store: LiveStore;
  tryOut: (rule: NewApprovalRule) => Promise<void>;
  onChange: () => void;
}

function Rule({ rule, store, tryOut, onChange }: RuleProps) {
  const { m } = useWords();
  const t = m.screens.rules;
  const sending = useSent();
  const title = `rule-${rule.name}`;
  const change = async (method: 'PATCH' | 'DELETE', body?: object): Promise<void> => {
    await sending.send(() => store.ask(method, `/api/v1/approval-rules/${encodeURIComponent(rule.name)}`, body));
    onChange();
  };
  return (
    <section class="panel" aria-labelledby={title}>
      <h3 id={title}>
        <bdi>{rule.name}</bdi> <span class="badge">{rule.isOn ? t.on : t.off}</span>
      </h3>
      <p class="facts">
        <code>{rule.nameTemplate}</code>
        <span>
          {t.token} <code>{rule.tokenId}</code>
        </span>
        {Object.entries(rule.labels ?? {}).map(([key, value]) => (
          <bdi key={key}>
            {key}={value}
          </bdi>
        ))}
      </p>
      {rule.problem !== undefined && (
        <p class="note wary">
          <Said text={rule.problem} />
        </p>
      )}
      <Note refusal={sending.refusal} urgent />
      {store.may('admin') && (
        <div class="actions">
          <button type="button" disabled={sending.isBusy} onClick={() => void change('PATCH', { isOn: !rule.isOn })}>
            {rule.isOn ? t.switchOff(rule.name) : t.switchOn(rule.name)}
          </button>
          <button type="button" aria-label={t.tryOutOf(rule.name)} onClick={() => void tryOut(asNew(rule))}>
            {t.tryOut}
          </button>
          <SureButton name={m.screens.people.remove(rule.name)} text={m.common.remove} act={() => change('DELETE')} />
        </div>
      )}
    </section>
  );
}

function Planned({ plan }: { plan: Plan }) {
  const t = useWords().m.screens.rules;
  return (
    <Panel id="planned-title" title={`${t.planned}: ${plan.rule}`}>
      {plan.items.length === 0 ? (
        <p role="status">{t.nothing}</p>
      ) : (
        <table class="plain stack">
          <thead>
            <tr>
              <th scope="col">{t.device}</th>
              <th scope="col">{t.planned}</th>
              <th scope="col">{t.becomes}</th>
            </tr>
          </thead>
          <tbody>
            {plan.items.map(({ device, shortId, serial, outcome, name, labels = {}, reason }) => (
              <tr key={device}>
                <th scope="row">
                  <a href={deviceHref(device)}>
                    <code>{shortId}</code>
                  </a>{' '}
                  <bdi>{serial}</bdi>
                </th>
                <td>
                  {t.outcomes[outcome]} {reason !== undefined && <Said text={reason} />}
                </td>
                <td>
                  <bdi>{name}</bdi>{' '}
                  <small>
                    <bdi>{textOf(labels)}</bdi>
                  </small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

interface NewProps {
  store: LiveStore;
  sending: Sent;
  tryOut: (rule: NewApprovalRule) => Promise<void>;
  onMade: () => void;
}

const EMPTY = { name: '', nameTemplate: '', labels: '', firstNumber: '1' };
type Fields = typeof EMPTY;

function NewRule({ store, sending, tryOut, onMade }: NewProps) {
  const t = useWords().m.screens.rules;
  const tokens = useLoaded(() => store.ask<TokenList>('GET', '/api/v1/enrol-tokens'), store);
  const batches = tokens.body?.items.filter(({ kind, state }) => kind === 'batch' && state === 'usable') ?? [];
  const fields = useSignal(EMPTY);
  const chosen = useSignal('');
  const tokenId = chosen.value === '' ? (batches[0]?.tokenId ?? '') : chosen.value;
  const submit = async (isTrial: boolean): Promise<void> => {
    const rule = ruleOf(fields.value, tokenId);
    if (isTrial) return tryOut(rule);
    const made = await sending.send(() => store.ask<ApprovalRuleView>('POST', '/api/v1/approval-rules', rule));
    if (made === undefined) return;
    fields.value = EMPTY;
    onMade();
  };
  if (tokens.body !== undefined && batches.length === 0) {
    return (
      <Panel id="new-rule-title" title={t.newRule} hint={t.noTokens}>
        <Command text="usher tokens create --kind batch" />
      </Panel>
    );
  }
  return (
    <Panel id="new-rule-title" title={t.newRule}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.submitter?.getAttribute('value') === 'try');
        }}
      >
        <div class="form-row">
          <div>
            <label for="rule-token">{t.token}</label>
            <select id="rule-token" value={tokenId} onChange={(event) => (chosen.value = event.currentTarget.value)}>
              {batches.map((token) => (
                <option key={token.tokenId} value={token.tokenId}>
                  {[token.tokenId, token.note].filter((text) => text !== undefined).join(' · ')}
                </option>
              ))}
            </select>
          </div>
        </div>
        <RuleFields fields={fields} />
        <Note refusal={sending.refusal ?? tokens.refusal} urgent />
        <div class="actions end">
          <button type="submit" value="try" class="primary" disabled={sending.isBusy || tokenId === ''}>
            {t.tryOut}
          </button>
          <button type="submit" disabled={sending.isBusy || tokenId === ''}>
            {t.make}
          </button>
        </div>
      </form>
    </Panel>
  );
}

function RuleFields({ fields }: { fields: Signal<Fields> }) {
  const t = useWords().m.screens.rules;
  const field = (name: keyof Fields, label: string, more: object = {}) => (
    <div class="field">
      <label for={`rule-${name}`}>{label}</label>
      <input
        id={`rule-${name}`}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={fields.value[name]}
        onInput={(event) => (fields.value = { ...fields.value, [name]: event.currentTarget.value })}
        {...more}
      />
    </div>
  );
  const placeholder = 'greenhouse-{n:2}';
  return (
    <>
      {field('name', t.name, { required: true, maxLength: 63 })}
      {field('nameTemplate', t.template, { required: true, placeholder, 'aria-describedby': 'rule-template-hint' })}
      <p class="hint" id="rule-template-hint">
        {t.templateHint}
      </p>
      {field('labels', t.labels, { placeholder: 'zone=a, rack={n}', 'aria-describedby': 'rule-labels-hint' })}
      <p class="hint" id="rule-labels-hint">
        {t.labelsHint}
      </p>
      {field('firstNumber', t.first, { type: 'number', min: 0, max: 1_000_000, required: true })}
    </>
  );
}

function ruleOf({ name, nameTemplate, labels, firstNumber }: Fields, tokenId: string): NewApprovalRule {
  const pairs = labels.split(',').flatMap((text): [string, string][] => {
    const [key = '', ...value] = text.split('=');
    return text.trim() === '' ? [] : [[key.trim(), value.join('=').trim()]];
  });
  return {
    ...{ name: name.trim(), tokenId, nameTemplate: nameTemplate.trim(), firstNumber: Number(firstNumber) },
    labels: Object.fromEntries(pairs),
  };
}

/** The rule without what only a kept one has. */
function asNew({ name, tokenId, nameTemplate, labels, taints, firstNumber }: ApprovalRuleView): NewApprovalRule {
  return { name, tokenId, nameTemplate, labels, taints, firstNumber };
}

function textOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
