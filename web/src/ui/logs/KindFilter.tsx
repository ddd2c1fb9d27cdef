import { Button, MenuToggle, Select, SelectList, SelectOption, TextInputGroup, TextInputGroupMain, TextInputGroupUtilities } from '@patternfly/react-core';
import TimesIcon from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { useEffect, useId, useState, type KeyboardEvent, type RefObject } from 'react';
import { kindsLike } from './kinds';
import { kindWords, t } from './messages';

/** Chooses the kinds of entries that are shown, several at once: the list is narrowed by typing, and arrows and Enter choose in it. */
export function KindFilter({ chosen, box, onChange }: { chosen: readonly string[]; box: RefObject<HTMLInputElement | null>; onChange: (kinds: string[]) => void }) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const id = useId();
  const found = kindsLike(text);
  const focused = open ? found[active] : undefined;
  const idOf = (kind: string) => `${id}-${kind}`;
  useEffect(() => { if (focused !== undefined) document.getElementById(`${id}-${focused}`)?.scrollIntoView({ block: 'nearest' }); }, [id, focused]);

  const toggle = (kind: string) => onChange(chosen.includes(kind) ? chosen.filter((each) => each !== kind) : [...chosen, kind]);
  const move = (to: number) => {
    setActive(open ? (to + found.length) % Math.max(found.length, 1) : 0);
    setOpen(true);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); move(active + (e.key === 'ArrowDown' ? 1 : -1)); }
    if (e.key === 'Enter' && focused !== undefined) { e.preventDefault(); toggle(focused); }
    if (e.key === 'Tab') setOpen(false);
  };
  return (
    <Select
      isOpen={open} onOpenChange={setOpen} onOpenChangeKeys={['Escape']} selected={chosen} maxMenuHeight="20rem" variant="typeahead"
      onSelect={(_, kind) => { toggle(kind as string); box.current?.focus(); }}
      toggle={(ref) => (
        <MenuToggle ref={ref} variant="typeahead" isExpanded={open} onClick={() => { setOpen(!open); box.current?.focus(); }} aria-label={t('kindFilter')}>
          <TextInputGroup isPlain>
            <TextInputGroupMain
              innerRef={box} value={text} placeholder={t('kindFilter')} autoComplete="off" role="combobox" isExpanded={open} aria-controls={id} aria-label={t('kindFilter')}
              {...(focused !== undefined ? { 'aria-activedescendant': idOf(focused) } : {})}
              onClick={() => setOpen(true)} onChange={(_, value) => { setText(value); setActive(0); setOpen(true); }} onKeyDown={onKeyDown}
            />
            {text !== '' && <TextInputGroupUtilities><Button variant="plain" icon={<TimesIcon />} aria-label={t('clear')} onClick={() => { setText(''); box.current?.focus(); }} /></TextInputGroupUtilities>}
          </TextInputGroup>
        </MenuToggle>
      )}
    >
      <SelectList id={id} isAriaMultiselectable>
        {found.map((kind) => <SelectOption key={kind} id={idOf(kind)} value={kind} isFocused={kind === focused}>{kindWords(kind)}</SelectOption>)}
        {found.length === 0 && <SelectOption isDisabled value="">{t('noKind', { text })}</SelectOption>}
      </SelectList>
    </Select>
  );
}
