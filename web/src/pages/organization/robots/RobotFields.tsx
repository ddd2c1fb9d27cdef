import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { dayOf } from './ends';
import { t } from './messages';

/** What can be said of a robot when it is made and later. */
export function RobotFields({ description, onDescription, ends, onEnds }: { description: string; onDescription: (text: string) => void; ends: string; onEnds: (day: string) => void }) {
  return (
    <>
      <FormGroup label={t('description')} fieldId="robot-description"><TextInput id="robot-description" value={description} onChange={(_, value) => onDescription(value)} /></FormGroup>
      <FormGroup label={t('expiry')} fieldId="robot-ends">
        <TextInput id="robot-ends" type="date" value={ends} min={dayOf(new Date(Date.now() + 86_400_000))} onChange={(_, value) => onEnds(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('expiryHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
    </>
  );
}
