import { Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useRef, useState } from 'react';
import { bytes } from '../../../messages/format';
import { Treemap } from '../../../ui/charts/Treemap';
import { DigestText } from '../../../ui/Copy';
import type { Manifest } from './ManifestPage';
import { t } from './messages';
import { commandText } from './names';

/** How an image was made, step by step, beside how large each step's layer is. */
export function LayersTab({ manifest }: { manifest: Manifest }) {
  const layers = manifest.layers ?? [];
  const [picked, setPicked] = useState<string>();
  const rows = useRef(new Map<string, HTMLTableRowElement>());
  const pick = (key: string) => {
    setPicked(key);
    rows.current.get(key)?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  };
  const keyOf = (index: number) => `layer-${index}`;
  const sized = layers.filter((each) => !each.is_empty);
  return (
    <>
      <p>{t('layerCount', { count: sized.length })}, {bytes(manifest.layers_compressed_size ?? 0)}</p>
      <Treemap
        label={t('layerMap')} picked={picked} onPick={pick}
        tiles={sized.map((each) => ({ key: keyOf(each.index), name: commandText(each.command) || each.blob_digest.slice(7, 19), detail: bytes(each.compressed_size), size: each.compressed_size, tone: each.index }))}
      />
      <div className="wharf-wide-table">
        <Table variant="compact" aria-label={t('layers')}>
          <Thead><Tr><Th>{t('step')}</Th><Th>{t('command')}</Th><Th>{t('size')}</Th><Th>{t('digest')}</Th></Tr></Thead>
          <Tbody>
            {layers.map((each) => (
              <Tr key={each.index} innerRef={(row) => { if (row) rows.current.set(keyOf(each.index), row as HTMLTableRowElement); }} isRowSelected={picked === keyOf(each.index)}>
                <Td dataLabel={t('step')}>{each.index + 1}</Td>
                <Td dataLabel={t('command')}><code className="wharf-command">{commandText(each.command) || <span className="wharf-faint">{each.comment || t('noCommand')}</span>}</code></Td>
                <Td dataLabel={t('size')} modifier="nowrap">{each.is_empty ? <Label isCompact>{t('empty')}</Label> : each.is_remote ? <Label isCompact>{t('remote')}</Label> : bytes(each.compressed_size)}</Td>
                <Td dataLabel={t('digest')}>{!each.is_empty && <DigestText digest={each.blob_digest} />}</Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </div>
    </>
  );
}
