import { fingerprintText } from '../../../foundation/fingerprint-text.ts';

interface System {
  name: string;
  /** What to download; null where a command fetches it. */
  file: 'ca.mobileconfig' | 'ca.crt' | 'ca.pem';
  /** HTML. */
  steps: readonly string[];
}

const SYSTEMS: readonly System[] = [
  {
    name: 'iPhone and iPad',
    file: 'ca.mobileconfig',
    steps: [
      'Open this page in Safari and download the profile.',
      'Open <b>Settings</b> within eight minutes (a profile that waits longer is deleted) and tap <b>Profile Downloaded</b>, below your name. Tap <b>More Details</b>, then the certificate: compare its SHA-256 fingerprint with the console. Go back, tap <b>Install</b> and enter the passcode.',
      'Open <b>Settings → General → About → Certificate Trust Settings</b> and switch on the authority under <b>Enable full trust for root certificates</b>. Without this step nothing changes.',
    ],
  },
  {
    name: 'Android (Chrome, Firefox)',
    file: 'ca.crt',
    steps: [
      'Download the certificate. Opening the file installs nothing: since Android 11 an authority is installed in the settings only.',
      'Open <b>Settings</b>, search for <b>CA certificate</b> (on most phones under <b>Security → More security settings → Encryption and credentials → Install a certificate</b>), tap <b>Install anyway</b> and choose the file. Android asks for the screen lock, or to set one up.',
      'Open <b>Trusted credentials → User</b>, tap the authority, and compare its SHA-256 fingerprint with the console. Remove it when they differ.',
    ],
  },
  {
    name: 'Windows (Chrome, Edge, Firefox)',
    file: 'ca.crt',
    steps: [
      'Download the certificate to the folder Downloads and open PowerShell.',
      'Compare what <code>certutil -hashfile $HOME\\Downloads\\ca.crt SHA256</code> prints with the console.',
      'Then run <code>certutil -user -addstore Root $HOME\\Downloads\\ca.crt</code> and confirm. Start the browser anew.',
    ],
  },
  {
    name: 'macOS (Safari, Chrome, Firefox)',
    file: 'ca.crt',
    steps: [
      'Download the certificate and open Terminal.',
      'Compare what <code>shasum -a 256 ~/Downloads/ca.crt</code> prints with the console.',
      'Then run <code>security add-trusted-cert -k ~/Library/Keychains/login.keychain-db ~/Downloads/ca.crt</code> and confirm with your password.',
    ],
  },
  {
    name: 'Linux (Chromium, Chrome)',
    file: 'ca.pem',
    steps: [
      'Download the certificate. Compare what <code>openssl x509 -in ca.pem -noout -fingerprint -sha256</code> prints with the console.',
      'Then run <code>certutil -d sql:$HOME/.local/share/pki/nssdb -A -t C,, -n usher -i ca.pem</code> (package libnss3-tools; the browser must have been started once). Where the folder <code>$HOME/.pki/nssdb</code> exists, as before Chromium 146, name that one instead. Start the browser anew.',
      'For all other programs on Debian or Ubuntu: copy it to <code>/usr/local/share/ca-certificates/usher.crt</code> and run <code>sudo update-ca-certificates</code>.',
    ],
  },
  {
    name: 'Firefox (Linux, or where it does not follow the system)',
    file: 'ca.pem',
    steps: [
      'On Windows, macOS and Android, Firefox 120 and later follows the system: what stands there is enough. Otherwise download the certificate.',
      'Open <b>Settings → Privacy &amp; Security → Certificates → View Certificates → Authorities → Import</b> and choose the file.',
      'Click <b>View</b> in the dialog and compare the SHA-256 fingerprint with the console before you tick <b>Trust this CA to identify websites</b>.',
    ],
  },
];

/** The page that tells how to trust the site's authority: no script, nothing from outside. @param fingerprint hex */
export function trustPage(fingerprint: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Usher: trust this page</title>
<link rel="stylesheet" href="/trust/style.css">
</head>
<body>
<main>
<h1>Trust this page</h1>
<p>Your browser does not know who vouches for this appliance: it is a machine of your own site, and no company outside has
heard of it. Tell your device once that you trust the site’s own authority. Then the camera, passkeys and “add to home
screen” work; everything else works without.</p>
<h2>The fingerprint</h2>
<p class="fingerprint">${fingerprintText(fingerprint)}</p>
<p>SHA-256 of the authority’s certificate. <strong>Compare it with the console</strong>: <code>usher start</code> shows it,
and <code>usher trust</code> on the appliance. Compare what <em>your device</em> shows while it installs the certificate, as
the steps say: whoever stands between you and the appliance could change this page too. Install nothing that differs.
Only letters and digits count: colons, spaces and capitals do not.</p>
<p>This authority can vouch for private names and addresses only (<code>.local</code>, <code>.internal</code>,
<code>.lan</code>, <code>192.168.…</code> and their like), not for sites on the Internet.</p>
${SYSTEMS.map(section).join('\n')}
<h2>To take it back</h2>
<p>Remove the profile or certificate “Usher site CA” where the steps installed it.</p>
<p><a href="/">Back to Usher</a></p>
</main>
</body>
</html>
`;
}

function section({ name, file, steps }: System): string {
  const list = steps.map((step) => `<li>${step}</li>`).join('\n');
  return `<section>
<h2>${name}</h2>
<p><a class="file" href="/trust/${file}" download>Download ${file}</a></p>
<ol>
${list}
</ol>
</section>`;
}

export const TRUST_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
--ground: light-dark(#f4f6f5, #0f1413); --card: light-dark(#ffffff, #182120); --ink: light-dark(#14201d, #e6efec);
--line: light-dark(#d6dfdc, #2c3a37); --accent: light-dark(#0b6354, #54c8b2); --on-accent: light-dark(#ffffff, #06201b); }
body { margin: 0; background: var(--ground); color: var(--ink); }
main { max-width: 42rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.2; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 1.5rem 0 0.5rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, monospace; font-size: 0.92em; }
.fingerprint { font: 1.1rem/1.7 ui-monospace, monospace; }
.fingerprint, section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.75rem 1rem; }
.file { display: inline-block; padding: 0.5rem 1rem; border-radius: 8px; font-weight: 600; text-decoration: none;
background: var(--accent); color: var(--on-accent); }
section { margin-top: 1rem; }
section h2 { margin-top: 0; }
ol { padding-inline-start: 1.3rem; }
li { margin: 0.5rem 0; }
`;
