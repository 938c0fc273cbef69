import type { Phrase } from './phrase-book.ts';

/** Wovon die Appliance erzählt: Worauf etwas wartet, Conditions, Ereignisse, Hinweise aus dem Netz, Sperren und CA. */
export const TOLD: readonly Phrase[] = [
  // api/core/waits-for.ts
  ['only seen on the LAN: waits for its agent to say hello', 'nur im Netz gesehen: wartet, bis sein Agent sich meldet'],
  [
    'waits for its agent to say hello; it is to become {name}',
    'wartet, bis sein Agent sich meldet; es soll {name} werden',
  ],
  [
    'approved: waits for the device to ask for its ticket',
    'zugelassen: wartet, bis das Gerät nach seinem Ticket fragt',
  ],
  [
    'waits for an operator: something about this device is not as it was',
    'wartet auf Sie: Etwas an diesem Gerät ist nicht, wie es war',
  ],
  ['rejected: stays so until an operator reconsiders', 'abgewiesen: bleibt so, bis jemand es zurücknimmt'],
  ['ignored: stays so until an operator reconsiders', 'ignoriert: bleibt so, bis jemand es zurücknimmt'],
  ['revoked: stays so until an operator reconsiders', 'gesperrt: bleibt so, bis jemand es zurücknimmt'],
  [
    'ignored like device {device}, whose MAC address it has: stays so until an operator reconsiders',
    'ignoriert wie Gerät {device}, dessen MAC-Adresse es hat: bleibt so, bis jemand es zurücknimmt',
  ],
  [
    'revoked: stays so until an operator reconsiders; its claim {claim} stays until it is removed',
    'gesperrt: bleibt so, bis jemand es zurücknimmt; sein Anspruch {claim} bleibt, bis er entfernt wird',
  ],
  [
    'ignored by its MAC address {mac}: stays so until an operator reconsiders',
    'ignoriert nach seiner MAC-Adresse {mac}: bleibt so, bis jemand es zurücknimmt',
  ],
  [
    'waits for a claim; its MAC address {mac} is ignored, until an operator reconsiders',
    'wartet auf einen Anspruch; seine MAC-Adresse {mac} wird ignoriert, bis jemand es zurücknimmt',
  ],
  [
    'waits for a claim; it has the MAC address of device {device}, which is ignored',
    'wartet auf einen Anspruch; es hat die MAC-Adresse von Gerät {device}, das ignoriert wird',
  ],
  [
    'replaced by another device: stays so until an operator retries it',
    'durch ein anderes Gerät ersetzt: bleibt so, bis jemand es zurückholt',
  ],
  [
    'waits for the pods of node {node} to leave; then the node is deleted',
    'wartet, bis die Pods des Nodes {node} umgezogen sind; dann wird der Node gelöscht',
  ],
  [
    'is to take the place of device {device} as {name}: waits for its next hello',
    'soll als {name} an die Stelle von Gerät {device} treten: wartet, bis es sich wieder meldet',
  ],
  [
    'waits for its claim code: it is on its screen or label',
    'wartet auf seinen Anspruchscode: Er steht auf seinem Bildschirm oder Etikett',
  ],
  ['its card carries no enrol token of this site', 'Seine Karte trägt kein Enrol-Token dieses Standorts'],
  ['waits for evidence: {why}', 'wartet auf einen Nachweis: {why}'],
  ['waits for a claim', 'wartet auf einen Anspruch'],
  ['waits for evidence', 'wartet auf einen Nachweis'],
  ['waits for claim {claim} to be bound to it', 'wartet, bis der Anspruch {claim} daran gebunden ist'],
  ['claim {claim} is bound; waits for approval', 'Der Anspruch {claim} ist gebunden; wartet auf die Zulassung'],
  [
    'could take the place of device {device}: confirm the replacement, or reject this device',
    'könnte an die Stelle von Gerät {device} treten: Bestätigen Sie den Ersatz, oder weisen Sie dieses Gerät ab',
  ],
  [
    'could take the place of node {node}: confirm the replacement, or reject this device',
    'könnte an die Stelle des Nodes {node} treten: Bestätigen Sie den Ersatz, oder weisen Sie dieses Gerät ab',
  ],
  ['its ticket is being made', 'sein Ticket wird gemacht'],
  ['waits for node {node} to be Ready with its labels', 'wartet, bis der Node {node} mit seinen Labels bereit ist'],
  ['has its ticket: k3s starts on the device', 'hat sein Ticket: k3s startet auf dem Gerät'],
  ['waits for node {node} to be Ready', 'wartet, bis der Node {node} bereit ist'],
  ['failed: waits for an operator', 'gescheitert: wartet auf Sie'],
  ['failed: tried again at {at}', 'gescheitert: wird wieder versucht, {at}'],
  ['its node {node} is not there', 'sein Node {node} ist nicht da'],
  ['its node is not ready: {why}', 'sein Node ist nicht bereit: {why}'],
  ['Kubelet stopped posting node status.', 'Der kubelet meldet sich nicht mehr.'],
  ['container runtime network not ready: {why}', 'Das Netz der Container ist nicht bereit: {why}'],

  // join/core/device-status.ts, join/core/claim-status.ts
  ['The node is Ready and carries what its claim says.', 'Der Node ist bereit und trägt, was sein Anspruch sagt.'],
  ['The join is not complete yet.', 'Der Beitritt ist noch nicht fertig.'],
  [
    'Nothing is wrong with its power supply or its card.',
    'Mit seiner Stromversorgung und seiner Karte ist alles in Ordnung.',
  ],
  ['The device has shown that it belongs to this site.', 'Das Gerät hat gezeigt, dass es zu diesem Standort gehört.'],
  [
    'The device has shown nothing that ties it to this site.',
    'Das Gerät hat nichts gezeigt, was es an diesen Standort bindet.',
  ],
  ['Waits for 1 pod to leave node {node}.', 'Wartet, bis 1 Pod den Node {node} verlassen hat.'],
  ['Waits for {pods:word} pods to leave node {node}.', 'Wartet, bis {pods} Pods den Node {node} verlassen haben.'],
  ['Claim {claim} is bound to the device.', 'Der Anspruch {claim} ist an das Gerät gebunden.'],
  ['Claim {claim} gives its place to device {device}.', 'Der Anspruch {claim} gibt seinen Platz an Gerät {device}.'],
  [
    'Claim {claim} gives its place to a device that has not come yet.',
    'Der Anspruch {claim} gibt seinen Platz an ein Gerät, das noch nicht da ist.',
  ],
  [
    'The claim was deleted; node {node} is kept and goes on running.',
    'Der Anspruch wurde gelöscht; der Node {node} bleibt und läuft weiter.',
  ],
  ['No claim matches the device.', 'Kein Anspruch passt auf das Gerät.'],
  [
    'Waits until device {device} has given up node name {node}.',
    'Wartet, bis Gerät {device} den Node-Namen {node} hergegeben hat.',
  ],
  ['The ticket for node {node} is out.', 'Das Ticket für den Node {node} ist ausgegeben.'],
  [
    'The ticket for node {node} was used and is burnt.',
    'Das Ticket für den Node {node} wurde benutzt und ist verbrannt.',
  ],
  ['The ticket is being made.', 'Das Ticket wird gemacht.'],
  ['The last ticket is burnt.', 'Das letzte Ticket ist verbrannt.'],
  ['The device has no ticket.', 'Das Gerät hat kein Ticket.'],
  ['The node does not exist.', 'Den Node gibt es nicht.'],
  ['Node {node} is Ready.', 'Der Node {node} ist bereit.'],
  ['Node {node} is not Ready.', 'Der Node {node} ist nicht bereit.'],
  [
    'Node {node} has the labels, taints and pair of its claim.',
    'Der Node {node} hat die Labels, Taints und das Paar seines Anspruchs.',
  ],
  [
    'Node {node} lacks labels, taints or pair of its claim.',
    'Dem Node {node} fehlen Labels, Taints oder das Paar seines Anspruchs.',
  ],
  ['an operator must look at the device first', 'Erst muss jemand nach dem Gerät sehen'],
  ['Until then device {device} stays as it is.', 'Bis dahin bleibt Gerät {device}, wie es ist.'],
  ['No device with evidence matches {match} yet.', 'Noch kein Gerät mit Nachweis passt auf {match}.'],
  ['Device {device} is bound to the claim.', 'Gerät {device} ist an den Anspruch gebunden.'],
  ['The device has joined as node {node}.', 'Das Gerät ist als Node {node} beigetreten.'],
  ['No device is bound to the claim.', 'Kein Gerät ist an den Anspruch gebunden.'],
  ['The device has not joined yet.', 'Das Gerät ist noch nicht beigetreten.'],
  ['There is no node yet.', 'Es gibt noch keinen Node.'],

  // join/core/chart.ts, join/core/chart-parts.ts, join/controller/rule-binder.ts: Ereignisse
  ['Claim {claim} makes it node {node}.', 'Der Anspruch {claim} macht es zum Node {node}.'],
  [
    'The ticket could not be made; what was made of it is undone.',
    'Das Ticket konnte nicht gemacht werden; was davon gemacht war, ist zurückgenommen.',
  ],
  [
    'The ticket was not made in time; what was made of it is undone.',
    'Das Ticket wurde nicht rechtzeitig fertig; was davon gemacht war, ist zurückgenommen.',
  ],
  [
    'No node appeared while the ticket lived; the ticket is burnt.',
    'Solange das Ticket galt, erschien kein Node; das Ticket ist verbrannt.',
  ],
  ['Node {node} is Ready and labelled.', 'Der Node {node} ist bereit und hat seine Labels.'],
  [
    'Labels could not be set; tried again by itself.',
    'Die Labels konnten nicht gesetzt werden; es wird von selbst wieder versucht.',
  ],
  ['The labels of node {node} follow its claim.', 'Die Labels des Nodes {node} folgen seinem Anspruch.'],
  ['An operator asked for a new attempt.', 'Jemand hat um einen neuen Versuch gebeten.'],
  ['An operator took the device out of quarantine.', 'Jemand hat das Gerät aus der Quarantäne genommen.'],
  [
    'An operator wants the replaced device back: it waits for a claim.',
    'Jemand hat das ersetzte Gerät zurückgeholt: Es wartet auf einen Anspruch.',
  ],
  ['An operator rejected the device.', 'Jemand hat das Gerät abgewiesen.'],
  ['An operator chose to ignore the device.', 'Jemand hat das Gerät ignorieren lassen.'],
  ['The device was revoked.', 'Das Gerät wurde gesperrt.'],
  ['Its node name {node} is retired.', 'Sein Node-Name {node} ist stillgelegt.'],
  [
    'Whoever holds the board holds a certificate that lists pods and nodes until the CA of the cluster is rotated: usher ca.',
    'Wer das Board hat, hat ein Zertifikat, das Pods und Nodes auflistet, bis die CA des Clusters erneuert ist: usher ca.',
  ],
  [
    'The device has no claim any more; it waits for one.',
    'Das Gerät hat keinen Anspruch mehr; es wartet auf einen neuen.',
  ],
  [
    'The device is held until an operator has looked at it.',
    'Das Gerät wird festgehalten, bis jemand danach gesehen hat.',
  ],
  ['Node {node} exists; its ticket is burnt.', 'Den Node {node} gibt es; sein Ticket ist verbrannt.'],
  [
    'Node {node} was deleted; the device may join again.',
    'Der Node {node} wurde gelöscht; das Gerät darf wieder beitreten.',
  ],
  [
    'Node {node} is being drained and deleted: its claim is gone, or names it otherwise.',
    'Der Node {node} wird geräumt und gelöscht: Sein Anspruch ist weg oder nennt ihn anders.',
  ],
  ['Node {node} is being drained and deleted.', 'Der Node {node} wird geräumt und gelöscht.'],
  ['Device {device} takes its place.', 'Seinen Platz nimmt Gerät {device}.'],
  [
    'Node {node} is gone; the device waits for a claim.',
    'Der Node {node} ist weg; das Gerät wartet auf einen Anspruch.',
  ],
  ['Approval rule {rule} claimed device {device}', 'Die Zulassungsregel {rule} hat Gerät {device} beansprucht'],
  ['Device {device:word}: {why}', 'Gerät {device}: {why}'],

  // api/core/story.ts
  ['{mac} was first seen on {interface}', '{mac} wurde zuerst auf {interface} gesehen'],
  ['{mac} was first seen', '{mac} wurde zuerst gesehen'],
  ['it said hello from {ip}', 'Es hat sich von {ip} gemeldet'],
  ['the appliance made its Device object', 'Die Appliance hat sein Device-Objekt gemacht'],
  [
    'its evidence was accepted: CardToken {token}',
    'Sein Nachweis wurde angenommen: Token {token} seiner eigenen Karte',
  ],
  ['its evidence was accepted: BatchToken {token}', 'Sein Nachweis wurde angenommen: Token {token} eines Stapels'],
  ['its evidence was accepted: ClaimCode', 'Sein Nachweis wurde angenommen: sein Anspruchscode'],
  ['its evidence was accepted: Key', 'Sein Nachweis wurde angenommen: sein Schlüssel'],
  ['its evidence was accepted: {what}', 'Sein Nachweis wurde angenommen: {what}'],
  ['an operator asked to try again at once', 'Jemand hat darum gebeten, es gleich wieder zu versuchen'],
  [
    'claim {claim} was made: it wants the device with {key:word} {value}',
    'Der Anspruch {claim} wurde gemacht: Er will das Gerät mit {key} {value}',
  ],
  ['node {node} appeared', 'Der Node {node} ist erschienen'],
  ['what Kubernetes remembers is missing: {why}', 'Was Kubernetes noch weiß, fehlt: {why}'],

  // api/core/device-view.ts: was eine Quelle im Netz gesehen hat
  ['{what:known} on {interface:word}', '{what} auf {interface}'],
  ['DHCP {type:word}', 'DHCP {type}'],
  ['announces {service:item}', 'meldet {service}'],
  ['address {ip:item}', 'Adresse {ip}'],
  ['calls itself {hostname:item}', 'nennt sich {hostname}'],
  ['vendor class {class:item}', 'Vendor Class {class}'],
  ['serial {serial:item}', 'Seriennummer {serial}'],
  ['suspicious: {why}', 'verdächtig: {why}'],
  [
    'The DHCP message names this MAC address, but {mac} sent it',
    'Die DHCP-Nachricht nennt diese MAC-Adresse, gesendet hat sie aber {mac}',
  ],

  // discovery/matchers.yaml
  ['Its DHCP vendor class is that of an Usher card', 'Seine DHCP-Vendor-Class ist die einer Usher-Karte'],
  ['It announces itself as a device for Usher', 'Es meldet sich als Gerät für Usher'],
  ['A Raspberry Pi bootloader asks for network boot', 'Ein Raspberry-Pi-Bootloader fragt nach Netzwerkstart'],
  ["Its MAC address is one of Raspberry Pi's", 'Seine MAC-Adresse ist eine von Raspberry Pi'],
  [
    'Its DHCP client names a Broadcom board, as older Raspberry Pi OS does',
    'Sein DHCP-Client nennt ein Broadcom-Board, wie es älteres Raspberry Pi OS tut',
  ],
  ['Its name is the default one of Raspberry Pi OS', 'Sein Name ist der voreingestellte von Raspberry Pi OS'],
  ['Its name is the default one of an Usher card', 'Sein Name ist der voreingestellte einer Usher-Karte'],
  ['Avahi announces it as a Linux machine', 'Avahi meldet es als Linux-Maschine'],
  [
    'It asks for the DHCP options that NetworkManager asks for',
    'Es fragt nach den DHCP-Optionen, nach denen NetworkManager fragt',
  ],

  // api/core/revocation.ts
  [
    'It never had a ticket, so it holds no certificate of the cluster: nothing is left to it but to knock and be refused.',
    'Es hatte nie ein Ticket, hat also kein Zertifikat des Clusters: Es kann nur anklopfen und wird abgewiesen.',
  ],
  [
    'The board stops k3s at its next check-in, at most about two minutes later, when it is on and reaches the appliance. A board that is off, or that somebody keeps from calling, stops nothing by itself: pods that run on it are out of reach, whatever the cluster says.',
    'Das Board hält k3s an, wenn es sich das nächste Mal meldet, nach höchstens etwa zwei Minuten, sofern es an ist und die Appliance erreicht. Ein Board, das aus ist oder das jemand am Melden hindert, hält nichts von selbst an: Pods, die darauf laufen, sind außer Reichweite, was auch der Cluster sagt.',
  ],
  [
    'Whoever holds the board holds its k3s-controller certificate, valid for up to 365 days: with it all pods and nodes of the site can be listed until the CA of the cluster is rotated (usher ca). It can change no label.',
    'Wer das Board hat, hat sein k3s-controller-Zertifikat, das bis zu 365 Tage gilt: Damit lassen sich alle Pods und Nodes des Standorts auflisten, bis die CA des Clusters erneuert ist (usher ca). Labels ändern kann es nicht.',
  ],
  [
    'Its kubelet certificate stays genuine too, but the API server refuses to make a node with it: its name is retired for good.',
    'Auch sein kubelet-Zertifikat bleibt echt, aber der API-Server macht damit keinen Node mehr: Sein Name ist für immer stillgelegt.',
  ],
  [
    'Its kubelet certificate stays genuine too, but the API server refuses to make a node with it: the name {node} is retired for good.',
    'Auch sein kubelet-Zertifikat bleibt echt, aber der API-Server macht damit keinen Node mehr: Der Name {node} ist für immer stillgelegt.',
  ],
  [
    'No pod on it reads a Secret now; earlier pods may have, and what they read may be on its disk.',
    'Kein Pod darauf liest jetzt ein Secret; frühere haben es vielleicht getan, und was sie lasen, liegt vielleicht auf seiner Platte.',
  ],
  [
    'The Secret that its pods read may be known to whoever holds the board: change what they hold.',
    'Das Secret, das seine Pods lesen, kennt vielleicht, wer das Board hat: Ändern Sie, was darin steht.',
  ],
  [
    'The {count:word} Secrets that its pods read may be known to whoever holds the board: change what they hold.',
    'Die {count} Secrets, die seine Pods lesen, kennt vielleicht, wer das Board hat: Ändern Sie, was darin steht.',
  ],
  [
    'Usher does not close the port of the switch: unplug the board, or block it there.',
    'Usher schließt den Port am Switch nicht: Ziehen Sie das Board ab, oder sperren Sie es dort.',
  ],

  // api/core/cluster-ca.ts
  [
    'Choose a quiet hour, and try it on a copy of the site first: Usher has not tried this rotation itself. Until it is finished no device can join, and no claim is acted on.',
    'Wählen Sie eine ruhige Stunde und probieren Sie es erst an einer Kopie des Standorts: Usher hat diese Erneuerung nicht selbst ausprobiert. Bis sie fertig ist, kann kein Gerät beitreten, und kein Anspruch wird bearbeitet.',
  ],
  [
    'Stop Usher and its k3s (Ctrl-C where it runs, or the service), save the server folder of k3s, and start Usher again. Nodes and their pods go on meanwhile. Without this copy there is no way back.',
    'Halten Sie Usher und sein k3s an (Strg-C, wo es läuft, oder den Dienst), sichern Sie den Ordner server von k3s und starten Sie Usher wieder. Nodes und ihre Pods laufen solange weiter. Ohne diese Kopie führt kein Weg zurück.',
  ],
  [
    'Read which files this version of k3s wants for new CAs, and make them in a folder of their own: this differs between versions, and Usher does not know it. See to it that the new CAs do not carry the old ones along: as long as the old CA is in the bundle, certificates of revoked devices stay valid.',
    'Lesen Sie nach, welche Dateien diese Version von k3s für neue CAs will, und machen Sie sie in einem eigenen Ordner: Das ist je nach Version verschieden, und Usher weiß es nicht. Achten Sie darauf, dass die neuen CAs die alten nicht mitführen: Solange die alte CA im Bündel ist, bleiben Zertifikate gesperrter Geräte gültig.',
  ],
  [
    'Give the new CAs to k3s. When it refuses CAs that the old ones have not signed, its help says how to insist: a clean cut is what is wanted here.',
    'Geben Sie k3s die neuen CAs. Lehnt es CAs ab, welche die alten nicht unterschrieben haben, so sagt seine Hilfe, wie man darauf besteht: Gewollt ist hier ein sauberer Schnitt.',
  ],
  [
    'Stop Usher and its k3s once more and start Usher again: from now on every ticket pins the new CA. usher ca must show its new date.',
    'Halten Sie Usher und sein k3s noch einmal an und starten Sie Usher wieder: Von nun an nennt jedes Ticket die neue CA. usher ca muss ihr neues Datum zeigen.',
  ],
  [
    'Let every node join anew, one after the other. Each still has a token that pins the old CA, so that k3s on it does not connect any more once it starts again; its pods run on until then. When its Node is deleted, the device is told at its next check-in (every two minutes) to clear its old certificates, and joins with a new ticket under its old name and labels: it speaks to Usher under another CA, which does not change. Repeat for each node.',
    'Lassen Sie jeden Node neu beitreten, einen nach dem anderen. Jeder hat noch ein Token, das die alte CA nennt, so dass k3s darauf sich nach seinem nächsten Start nicht mehr verbindet; seine Pods laufen bis dahin weiter. Wird sein Node gelöscht, so erfährt das Gerät bei seinem nächsten Melden (alle zwei Minuten), dass es seine alten Zertifikate wegräumen soll, und tritt mit einem neuen Ticket unter seinem alten Namen und mit seinen Labels bei: Mit Usher spricht es unter einer anderen CA, die sich nicht ändert. Wiederholen Sie das für jeden Node.',
  ],
  [
    'Fetch copies of the kubeconfig that are elsewhere anew, and change the Secrets that pods on the revoked devices could read.',
    'Holen Sie Kopien der kubeconfig, die anderswo liegen, neu, und ändern Sie die Secrets, die Pods auf den gesperrten Geräten lesen konnten.',
  ],
];
