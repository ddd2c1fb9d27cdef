import { FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem } from '@patternfly/react-core';
import { useConfig } from '../../../api/session';
import { duration } from '../../../messages/format';
import { t } from './messages';
import { seconds } from './seconds';

/** How far the time machine reaches back, of the windows that this registry offers. */
export function TimeMachineSelect({ value, onChange }: { value: number; onChange: (seconds: number) => void }) {
  const config = useConfig();
  const options = [...new Set([...(config?.config.TAG_EXPIRATION_OPTIONS ?? []).map(seconds), value])].sort((a, b) => a - b);
  return (
    <FormGroup label={t('window')} fieldId="time-machine">
      <FormSelect id="time-machine" value={value} onChange={(_, chosen) => onChange(Number(chosen))}>
        {options.map((each) => <FormSelectOption key={each} value={each} label={words(each)} />)}
      </FormSelect>
      <FormHelperText><HelperText><HelperTextItem>{t('windowHelp')}</HelperTextItem></HelperText></FormHelperText>
    </FormGroup>
  );
}

function words(length: number): string {
  if (length === 0) return t('off');
  if (length % 604_800 === 0) return t('week', { count: length / 604_800 });
  if (length % 86_400 === 0) return t('day', { count: length / 86_400 });
  return duration(length);
}
