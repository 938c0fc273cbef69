/**
 * An Apple configuration profile with one root certificate (payload type com.apple.security.root). Its identifiers come
 * from the certificate, so that installing it again replaces it.
 * @param certificate DER
 * @param fingerprint SHA-256 of it, hex
 */
export function mobileProfile(certificate: Uint8Array, fingerprint: string): string {
  const identifier = `internal.usher.ca.${fingerprint.slice(0, 16)}`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>${identifier}</string>
<key>PayloadUUID</key><string>${uuid(fingerprint.slice(0, 32))}</string>
<key>PayloadDisplayName</key><string>Usher site CA</string>
<key>PayloadDescription</key><string>Lets this device trust the page of the Usher appliance of this site.</string>
<key>PayloadContent</key>
<array>
<dict>
<key>PayloadType</key><string>com.apple.security.root</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>${identifier}.root</string>
<key>PayloadUUID</key><string>${uuid(fingerprint.slice(32))}</string>
<key>PayloadDisplayName</key><string>Usher site CA</string>
<key>PayloadCertificateFileName</key><string>usher-ca.crt</string>
<key>PayloadContent</key>
<data>${Buffer.from(certificate).toString('base64')}</data>
</dict>
</array>
</dict>
</plist>
`;
}

/** @param hex 32 digits */
function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase();
}
