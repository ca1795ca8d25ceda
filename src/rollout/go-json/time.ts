/** Times, as Kubernetes' metav1.Time writes them. */
import { timestamp } from '../../api/times.ts';

const TIME = /^(\d{4}-\d\d-\d\d)T(\d{1,2})(:\d\d:\d\d)(?:[.,]\d+)?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Go's zero time, which stands for none. */
const ZERO = '0001-01-01T00:00:00Z';

/** In UTC and in whole seconds; `null` where the value is no time of RFC 3339. */
export function timeText(value: unknown): string {
  const [, date, hour = '', rest, sign, hours = 0, minutes = 0] =
    TIME.exec(typeof value === 'string' ? value : '') ?? [];
  const local = `${date}T${hour.padStart(2, '0')}${rest}Z`;
  const read = Date.parse(local);
  if (Number.isNaN(read) || timestamp(read) !== local) return 'null';
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  const text = timestamp(sign === '-' ? read + offset : read - offset);
  return text === ZERO ? 'null' : `"${text}"`;
}
