import type { Phrase } from './phrase-book.ts';

/** Wie es um Sensordienste steht: die Sätze aus k8s/core/sensor-service. */
export const OF_SERVICES: readonly Phrase[] = [
  // instances.ts, service-view.ts
  ['node {node:word} is not ready', 'Der Node {node} ist nicht bereit'],
  [
    "node {node:word} has the taint {taint:word}: write it into spec.tolerations, or take it off the node's claim",
    'Der Node {node} hat den Taint {taint}: Schreiben Sie ihn in spec.tolerations, oder nehmen Sie ihn aus dem Anspruch des Nodes',
  ],
  [
    'usher-node does not offer this service on node {node:word} yet: see its pods in usher-system',
    'usher-node bietet diesen Dienst auf dem Node {node} noch nicht an: Sehen Sie nach seinen Pods in usher-system',
  ],
  ['node {node:word} has no {devices}: plug it in', 'Dem Node {node} fehlt {devices}: Stecken Sie das Gerät an'],
  ['{device} and no {other}', '{device} und {other}'],
  ['USB device {id:word} (serial {serial})', 'USB-Gerät {id} (Seriennummer {serial})'],
  ['USB device {id:word}', 'USB-Gerät {id}'],
  ['it is not started on node {node:word} yet', 'Er ist auf dem Node {node} noch nicht gestartet'],
  [
    'usher-node has not said yet whether node {node:word} has {devices}',
    'usher-node hat noch nicht gesagt, ob der Node {node} {devices} hat',
  ],
  [
    'node {node:word} has no {devices} left to give: another pod has it, or it was plugged in just now',
    'Der Node {node} hat {devices} nicht mehr zu vergeben: Ein anderer Pod hat es, oder es wurde eben erst angesteckt',
  ],
  [
    'it is starting on node {node:word}: the pod before it has not ended, or usher-node offers the service only now',
    'Er startet auf dem Node {node}: Der Pod davor ist noch nicht beendet, oder usher-node bietet den Dienst jetzt erst an',
  ],
  [
    'node {node:word} cannot get the image {image:word}: bring it to the site with usher oci load',
    'Der Node {node} bekommt das Image {image} nicht: Bringen Sie es mit usher oci load an den Standort',
  ],
  [
    'its program ends on node {node:word} with code {code:word}: {logs}',
    'Sein Programm endet auf dem Node {node} mit Code {code}: {logs}',
  ],
  ['its program ends on node {node:word}: {logs}', 'Sein Programm endet auf dem Node {node}: {logs}'],
  ['it is starting on node {node:word} ({why})', 'Er startet auf dem Node {node} ({why})'],
  ['it is starting on node {node:word}', 'Er startet auf dem Node {node}'],

  // service-status.ts
  [
    'it is ready on node {node:word}, but nobody has the lease: see the pod of usher-node on that node',
    'Er ist auf dem Node {node} bereit, aber niemand hat den Lease: Sehen Sie nach dem Pod von usher-node auf diesem Node',
  ],
  [
    'node {node:word} went silent and may drive on (HoldLast): make sure that it is off, then take the unit over',
    'Der Node {node} ist verstummt und treibt vielleicht weiter (HoldLast): Vergewissern Sie sich, dass er aus ist, und übernehmen Sie dann die Einheit',
  ],
  [
    'onControlPlaneLoss Safe counts once node {node:word} is heard again or the unit was taken over',
    'onControlPlaneLoss Safe gilt, sobald man wieder von Node {node} hört oder die Einheit übernommen ist',
  ],
  [
    'node {node:word} went silent as unit {unit:word} and may drive on (HoldLast): switch it on, or make sure that it is off and unclaim it',
    'Der Node {node} ist als Einheit {unit} verstummt und treibt vielleicht weiter (HoldLast): Schalten Sie ihn ein, oder vergewissern Sie sich, dass er aus ist, und geben Sie seinen Anspruch auf',
  ],
  ['active in {where}', 'aktiv in {where}'],
  ['nobody has the lease yet', 'noch hat niemand den Lease'],
  ['unit {unit:word}: {why:known}', 'Einheit {unit}: {why}'],
  ['{one:known}; {other:known}', '{one}; {other}'],
  [
    'node {node:word} has the name of a pair, whose topics it would share: give its claim another nodeName, or the pair another name',
    'Der Node {node} heißt wie ein Paar, dessen Topics er teilen würde: Geben Sie seinem Anspruch einen anderen nodeName, oder dem Paar einen anderen Namen',
  ],
  ['no node has {labels}: {hint:known}', 'Kein Node hat {labels}: {hint}'],
  ['give a claim these labels', 'Geben Sie einem Anspruch diese Labels'],
  ['{claims} has them, and waits for its device to join', '{claims} hat sie, und wartet, dass sein Gerät beitritt'],
  [
    '{claims} have them, and waits for its device to join',
    '{claims} haben sie, und warten, dass ihre Geräte beitreten',
  ],
  ['claim {claim:word}', 'Anspruch {claim}'],
  [
    'node {node:word} has labels of the pairs {pairs}, so that it is in none: give the claims of each pair a label that tells them apart',
    'Der Node {node} hat Labels der Paare {pairs} und gehört deshalb zu keinem: Geben Sie den Ansprüchen jedes Paars ein Label, das sie unterscheidet',
  ],
  [
    'node {node:word} has labels of some claims of pair {pair:word}, but not of all, so that it is in no unit: make their labels alike, or its own others',
    'Der Node {node} hat Labels einiger Ansprüche des Paars {pair}, aber nicht aller, und gehört deshalb zu keiner Einheit: Gleichen Sie deren Labels an, oder geben Sie ihm andere',
  ],
  ['{placed:known}; similar nodes behind a pair: {nodes}', '{placed}; gleichartige Nodes hinter einem Paar: {nodes}'],
  ['1 node in 1 unit', '1 Node in 1 Einheit'],
  ['{nodes:word} nodes in 1 unit', '{nodes} Nodes in 1 Einheit'],
  ['{nodes:word} nodes in {units:word} units', '{nodes} Nodes in {units} Einheiten'],
  ['it needs no device files', 'Er braucht keine Gerätedateien'],
  ['no node is there to have them', 'Es ist kein Node da, der sie haben könnte'],
  ['every node has all its devices', 'Jeder Node hat alle seine Geräte'],
  ['all its nodes are active side by side', 'Alle seine Nodes sind zugleich aktiv'],
  [
    'two nodes may be active at once: fencing is None',
    'Zwei Nodes könnten zugleich aktiv sein: fencing steht auf None',
  ],
  [
    'the old node stops by its own clock, and its hardware watchdog resets it within 15 seconds when it hangs: armed on {nodes}',
    'Der alte Node hält nach seiner eigenen Uhr an, und hängt er, startet ihn sein Hardware-Watchdog binnen 15 Sekunden neu: scharf auf {nodes}',
  ],
  [
    'no node is there that could have a hardware watchdog',
    'Es ist kein Node da, der einen Hardware-Watchdog haben könnte',
  ],
  [
    'the watchdog of node {node:word} is not armed yet: wait some seconds',
    'Der Watchdog des Nodes {node} ist noch nicht scharf: Warten Sie einige Sekunden',
  ],
  [
    'the watchdog of node {node:word} waits longer than 15 seconds: set a shorter time in its driver',
    'Der Watchdog des Nodes {node} wartet länger als 15 Sekunden: Stellen Sie in seinem Treiber eine kürzere Zeit ein',
  ],
  [
    'another program has the watchdog of node {node:word}: set RuntimeWatchdogSec=off for its systemd, and restart it',
    'Ein anderes Programm hat den Watchdog des Nodes {node}: Stellen Sie für sein systemd RuntimeWatchdogSec=off ein, und starten Sie ihn neu',
  ],
  [
    'the watchdog of node {node:word} cannot be used: the log of usher-node there says why',
    'Der Watchdog des Nodes {node} ist nicht zu gebrauchen: Das Protokoll von usher-node sagt dort, warum',
  ],
  [
    'node {node:word} has no hardware watchdog: switch it on, or use a board that has one',
    'Der Node {node} hat keinen Hardware-Watchdog: Schalten Sie ihn ein, oder nehmen Sie ein Gerät, das einen hat',
  ],
  [
    'usher-node has not said yet whether node {node:word} has a hardware watchdog',
    'usher-node hat noch nicht gesagt, ob der Node {node} einen Hardware-Watchdog hat',
  ],
  ['{why}; without it hazard High may not run there', '{why}; ohne ihn darf hazard High dort nicht laufen'],
  [
    'the old node stops by its own clock before a new one starts',
    'Der alte Node hält nach seiner eigenen Uhr an, bevor ein neuer beginnt',
  ],
  [
    'node {node:word} goes on with the old version; put {image:word} back, or correct the new one',
    'Der Node {node} läuft mit der alten Version weiter; setzen Sie {image} wieder ein, oder berichtigen Sie die neue',
  ],
  [
    'until then node {node:word} goes on with the old version; with spec.update.order AllAtOnce it does not wait',
    'Bis dahin läuft der Node {node} mit der alten Version weiter; mit spec.update.order AllAtOnce wartet er nicht',
  ],
  ['updating: {nodes} has the old version', 'Wird aktualisiert: {nodes} hat die alte Version'],
  ['updating: {nodes} have the old version', 'Wird aktualisiert: {nodes} haben die alte Version'],
  [
    'moving: it goes on on {nodes} until it is active on the nodes that have the labels now',
    'Zieht um: Er läuft auf {nodes} weiter, bis er auf den Nodes aktiv ist, die jetzt die Labels haben',
  ],
  ['starting on {nodes}', 'startet auf {nodes}'],
  ['nothing is being changed', 'nichts wird geändert'],
  ['nothing is missing', 'nichts fehlt'],
  ['unit {unit:word} has no standby: {why}', 'Die Einheit {unit} hat keinen Standby: {why}'],
];
