// The audit log can be verified from its files alone, without the appliance that wrote them.
export { verifyAuditFiles } from '../server/people/audit-files.ts';
