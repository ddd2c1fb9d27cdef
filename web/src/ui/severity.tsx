import { Label } from '@patternfly/react-core';
import { severityKey, severityName } from './severities';

export { severities, severityKey, severityName, type SeverityKey } from './severities';

/** A severity as a label; it has its name, since colour alone says nothing to some. */
export function SeverityLabel({ severity, count }: { severity: string; count?: number }) {
  return <Label isCompact className={`wharf-severity wharf-severity-${severityKey(severity)}`}>{count !== undefined ? `${count} ` : ''}{severityName(severity)}</Label>;
}
