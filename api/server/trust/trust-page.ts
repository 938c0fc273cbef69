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
      'Open <b>Settings</b> and tap <b>Profile Downloaded</b>. Tap <b>More Details</b>, then the certificate: compare its SHA-256 fingerprint with the console. Go back and tap <b>Install</b>.',
      'Open <b>Settings → General → About → Certificate Trust Settings</b> and switch on <b>full trust</b> for the authority. Without this step nothing changes.',
    ],
  },
  {
    name: 'Android',
    file: 'ca.crt',
    steps: [
      'Download the certificate.',
      'Open <b>Settings → Security → Encryption and credentials → Install a certificate → CA certificate</b> (some makers put it under “More security settings”) and choose the file.',
      'Open <b>Trusted credentials → User</b>, tap the authority, and compare its SHA-256 fingerprint with the console. Remove it when they differ.',
    ],
  },
  {
    name: 'Windows (Chrome, Edge)',
    file: 'ca.crt',
    steps: [
      'Download the certificate to the folder Downloads and open PowerShell.',
      'Compare what <code>certutil -hashfile $HOME\\Downloads\\ca.crt SHA256</code> prints with the console.',
      'Then run <code>certutil -user -addstore Root $HOME\\Downloads\\ca.crt</code> and confirm. Start the browser anew.',
    ],
  },
  {
    name: 'macOS (Safari, Chrome)',
    file: 'ca.crt',
    steps: [
      'Download the certificate and open Terminal.',
      'Compare what <code>shasum -a 256 ~/Downloads/ca.crt</code> prints with the console.',
      'Then run <code>security add-trusted-cert -k ~/Library/Keychains/login.keychain-db ~/Downloads/ca.crt</code> and confirm.',
    ],
  },
  {
    name: 'Linux (Chromium, Chrome)',
    file: 'ca.pem',
    steps: [
      'Download the certificate. Compare what <code>openssl x509 -in ca.pem -noout -fingerprint -sha256</code> prints with the console.',
      'Then run <code>certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n usher -i ca.pem</code> (package libnss3-tools). Start the browser anew.',
      'For all other programs on Debian or Ubuntu: copy it to <code>/usr/local/share/ca-certificates/usher.crt</code> and run <code>sudo update-ca-certificates</code>.',
    ],
  },
  {
    name: 'Firefox (any system)',
    file: 'ca.pem',
    steps: [
      'Download the certificate.',
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
the steps say: whoever stands between you and the appliance could change this page too. Install nothing that differs.</p>
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

export const TRUST_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 42rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
.fingerprint { font: 1.15rem/1.8 ui-monospace, monospace; border: 1px solid; border-radius: 0.5rem; padding: 0.75rem; }
.file { display: inline-block; padding: 0.75rem 1rem; border: 2px solid; border-radius: 0.5rem; font-weight: 600; }
section { border-top: 1px solid; margin-top: 1.5rem; }
li { margin: 0.5rem 0; }
`;
