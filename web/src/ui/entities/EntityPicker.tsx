import { Label, MenuToggle, Select, SelectList, SelectOption, TextInputGroup, TextInputGroupMain } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { kindName } from '../kinds';
import { Picture } from '../Picture';
import { catalogue } from '../../messages/catalogue';

const t = catalogue('entities', { nothing: 'Nobody has a name like “{text}”.', type: 'Type the beginning of a name.' });

export type Entity = Schema<'ShownEntity'>;

/** Finds a person, robot or team by the beginning of its name. */
export function EntityPicker({ label, namespace, teams = true, kinds, onPick }: { label: string; namespace?: string; teams?: boolean; kinds?: readonly string[]; onPick: (entity: Entity | null) => void }) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const { data } = useQuery({
    queryKey: ['entities', namespace ?? '', teams, text],
    queryFn: ({ signal }) => api((c) => c.GET('/api/v1/entities/{prefix}', { params: { path: { prefix: text }, query: { ...(namespace ? { namespace } : {}), includeTeams: teams } as never }, signal })),
    enabled: text.length > 0 && open,
    placeholderData: keepPreviousData,
  });
  const found = text === '' ? [] : (data?.results ?? []).filter((each) => kinds === undefined || kinds.includes(each.is_robot ? 'robot' : each.kind ?? ''));
  const pick = (entity: Entity) => {
    setText(entity.name ?? '');
    setOpen(false);
    onPick(entity);
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    if (e.key === 'ArrowDown') { e.preventDefault(); setOpen(true); setActive((at) => Math.min(at + 1, found.length - 1)); }
    if (e.key === 'ArrowUp') { e.preventDefault(); setActive((at) => Math.max(at - 1, 0)); }
    if (e.key === 'Enter' && open && found[active]) { e.preventDefault(); pick(found[active]); }
    if (e.key === 'Escape' && open) { e.stopPropagation(); setOpen(false); }
  };
  return (
    <Select
      isOpen={open && text !== ''}
      onOpenChange={setOpen}
      onSelect={(_, name) => { const entity = found.find((each) => each.name === name); if (entity) pick(entity); }}
      variant="typeahead"
      toggle={(ref) => (
        <MenuToggle ref={ref} variant="typeahead" isFullWidth isExpanded={open && text !== ''} onClick={() => setOpen(!open)} aria-label={label}>
          <TextInputGroup isPlain>
            <TextInputGroupMain value={text} placeholder={t('type')} role="combobox" isExpanded={open && text !== ''} aria-controls="found-entities" aria-label={label} onChange={(_, value) => { setText(value.trim()); setOpen(true); setActive(0); onPick(null); }} onKeyDown={onKeyDown} autoComplete="off" />
          </TextInputGroup>
        </MenuToggle>
      )}
    >
      <SelectList id="found-entities">
        {found.map((each, at) => <SelectOption key={`${each.kind} ${each.name}`} value={each.name} isFocused={at === active} icon={<Picture avatar={each.avatar} size={20} />}>{each.name} <Label isCompact>{kindName(each.is_robot ? 'robot' : each.kind ?? '')}</Label></SelectOption>)}
        {found.length === 0 && <SelectOption isDisabled value="">{t('nothing', { text })}</SelectOption>}
      </SelectList>
    </Select>
  );
}
