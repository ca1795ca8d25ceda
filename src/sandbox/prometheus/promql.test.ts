import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';
import { matchesAll } from './matchers.ts';
import { parse } from './parser.ts';
import { type Labels, labelsText, type SampleStore, type SeriesPoints, type Value } from './values.ts';

const NOW = 600_000;

/** Series scraped every 15 s up to and including NOW; the last value is the one at NOW. `x` leaves a scrape out, `s` marks stale. */
function series(labels: Labels, ...values: (number | 'x' | 's')[]): SeriesPoints {
  const points = values.flatMap((value, index) => {
    const time = NOW - (values.length - 1 - index) * 15_000;
    if (value === 'x') return [];
    return [value === 's' ? { time, value: Number.NaN, stale: true } : { time, value }];
  });
  return { labels, points };
}

function storeOf(...all: SeriesPoints[]): SampleStore {
  return {
    select: (matchers, from, to) =>
      all
        .filter(({ labels }) => matchesAll(matchers, labels))
        .map(({ labels, points }) => ({ labels, points: points.filter(({ time }) => time > from && time <= to) }))
        .filter(({ points }) => points.length > 0),
  };
}

const WORLD = storeOf(
  series({ __name__: 'requests', job: 'web', code: '200', pod: 'a' }, 0, 30, 60, 90, 120),
  series({ __name__: 'requests', job: 'web', code: '500', pod: 'a' }, 0, 10, 20, 30, 40),
  series({ __name__: 'requests', job: 'web', code: '200', pod: 'b' }, 100, 130, 10, 40, 70),
  series({ __name__: 'requests', job: 'shop', code: '200', pod: 'c' }, 5, 5, 5, 5, 5),
  series({ __name__: 'late', pod: 'n' }, 40, 100),
  series({ __name__: 'gone' }, 1, 2, 's'),
  series({ __name__: 'old' }, 7, ...Array.from({ length: 19 }, () => 'x' as const)),
  series({ __name__: 'older' }, 7, ...Array.from({ length: 20 }, () => 'x' as const)),
  series({ __name__: 'nothing' }, Number.NaN),
  series({ __name__: 'limit', pod: 'a' }, 100),
  series({ __name__: 'limit', pod: 'b' }, 50),
  series({ __name__: 'info', pod: 'a', zone: 'x' }, 1),
  series({ __name__: 'info', pod: 'b', zone: 'y' }, 1),
  ...[
    ['0.1', 10],
    ['0.5', 30],
    ['1', 40],
    ['+Inf', 40],
  ].map(([le, count]) => series({ __name__: 'seconds_bucket', le: String(le) }, Number(count))),
);

function text(value: Value): string {
  if (value.type === 'vector') {
    return value.samples
      .map((sample) => `${labelsText(sample.labels)} ${round(sample.value)}`)
      .sort()
      .join('; ');
  }
  if (value.type === 'matrix')
    return value.series.map(({ points }) => points.map((each) => each.value).join(',')).join('; ');
  return typeof value.value === 'number' ? String(round(value.value)) : value.value;
}

const round = (value: number) => (Number.isFinite(value) ? Math.round(value * 1e9) / 1e9 : value);

const ask = (query: string) => text(evaluate(parse(query), { store: WORLD, time: NOW, start: NOW, end: NOW }));

describe('PromQL', () => {
  it.each([
    // Selectors. A label that is missing equals ''.
    ['requests{job="shop"}', 'requests{code="200", job="shop", pod="c"} 5'],
    ['count(requests{code=~"2.."})', '{} 3'],
    ['count(requests{code=~"2"})', ''],
    ['count(requests{code=~"2|5"})', ''],
    ['count(requests{code!~"5.*"})', '{} 3'],
    ['count(requests{code!="200"})', '{} 1'],
    ['count(requests{nope=""})', '{} 4'],
    ['count({__name__=~"requ.*", job="web"})', '{} 3'],
    ['gone', ''],
    ['gone offset 15s', 'gone{} 2'],
    ['old', 'old{} 7'],
    ['older', ''],
    ['requests{job="web", code="500"} offset 30s', 'requests{code="500", job="web", pod="a"} 20'],
    ['requests{job="web", code="500"} @ 585', 'requests{code="500", job="web", pod="a"} 30'],
    // A range leaves its left end out: [1m] at 15 s holds four samples.
    ['requests{code="500"}[1m]', '10,20,30,40'],
    ['requests{code="500"}[61s]', '0,10,20,30,40'],

    // (40 - 10) over 45 s, and the 15 s before the first sample are close enough: 30 * 60 / 45 = 40, but the counter would
    // reach zero after 15 s anyway.
    ['increase(requests{code="500"}[1m])', '{code="500", job="web", pod="a"} 40'],
    ['rate(requests{code="500"}[1m])', '{code="500", job="web", pod="a"} 0.666666667'],
    // A reset: 130, 10, 40, 70 grow by 130 + (70 - 130) = 70 in 45 s; stretched by 15 s: 70 * 60 / 45 = 93.333.
    ['increase(requests{pod="b"}[1m])', '{code="200", job="web", pod="b"} 93.333333333'],
    ['delta(requests{pod="b"}[1m])', '{code="200", job="web", pod="b"} -80'],
    // 60 in 15 s; half a gap before (7.5 s), since the window is much longer, and never back beyond zero (10 s): 60 * 22.5 / 15.
    ['increase(late[5m])', '{pod="n"} 90'],
    ['irate(requests{pod="b"}[1m])', '{code="200", job="web", pod="b"} 2'],
    ['idelta(requests{code="500"}[1m])', '{code="500", job="web", pod="a"} 10'],
    ['rate(requests{code="500"}[15s])', ''],
    ['deriv(requests{code="500"}[1m])', '{code="500", job="web", pod="a"} 0.666666667'],
    ['predict_linear(requests{code="500"}[1m], 30)', '{code="500", job="web", pod="a"} 60'],
    ['resets(requests{pod="b"}[2m])', '{code="200", job="web", pod="b"} 1'],
    ['changes(requests{pod="c"}[2m])', '{code="200", job="shop", pod="c"} 0'],

    // The ratio that analysis templates ask for: 2 + 70/45 of 0.667 + 2 + 70/45 per second.
    [
      'sum(rate(requests{job="web",code=~"2.."}[1m])) / sum(rate(requests{job="web"}[1m]))',
      `{} ${round((2 + 70 / 45) / (2 + 70 / 45 + 2 / 3))}`,
    ],
    ['sum(rate(requests{job="shop"}[1m])) / sum(rate(requests{job="shop"}[1m]))', '{} NaN'],
    ['sum(rate(requests{job="none"}[1m])) / sum(rate(requests{job="web"}[1m]))', ''],
    ['sum(rate(requests{job="none"}[1m])) or vector(0)', '{} 0'],

    ['sum by (job) (requests)', '{job="shop"} 5; {job="web"} 230'],
    ['sum(requests) by (job)', '{job="shop"} 5; {job="web"} 230'],
    ['SUM WITHOUT (pod, code) (requests)', '{job="shop"} 5; {job="web"} 230'],
    ['avg(requests)', '{} 58.75'],
    ['min(requests)', '{} 5'],
    ['max(requests)', '{} 120'],
    ['group(requests)', '{} 1'],
    ['stdvar(limit)', '{} 625'],
    ['stddev(limit)', '{} 25'],
    ['quantile(0.5, requests)', '{} 55'],
    ['topk(1, requests)', 'requests{code="200", job="web", pod="a"} 120'],
    ['bottomk(1, requests)', 'requests{code="200", job="shop", pod="c"} 5'],
    ['count_values("value", limit)', '{value="100"} 1; {value="50"} 1'],

    ['1 + 2 * 3 ^ 2', '19'],
    ['2 ^ 3 ^ 2', '512'],
    ['-2 ^ 2', '-4'],
    ['(1 + 2) % 2', '1'],
    ['1 / 0', 'Infinity'],
    ['0 / 0', 'NaN'],
    ['0x1F + .5e1', '36'],
    ['-Inf', '-Infinity'],
    ['NaN == bool NaN', '0'],
    ['1 < bool 2', '1'],
    ['"text"', 'text'],
    ['nothing > 0', ''],
    ['-limit{pod="a"}', '{pod="a"} -100'],
    ['limit * 2', '{pod="a"} 200; {pod="b"} 100'],
    ['limit > 60', 'limit{pod="a"} 100'],
    ['60 < limit', 'limit{pod="a"} 100'],
    ['limit > bool 60', '{pod="a"} 1; {pod="b"} 0'],
    ['limit - on(pod) info', '{pod="a"} 99; {pod="b"} 49'],
    ['limit * on(pod) group_left(zone) info', '{pod="a", zone="x"} 100; {pod="b", zone="y"} 50'],
    ['info * on(pod) group_right limit', '{pod="a"} 100; {pod="b"} 50'],
    [
      'requests{job="web"} / ignoring(job, code) group_left limit > 1',
      '{code="200", job="web", pod="a"} 1.2; {code="200", job="web", pod="b"} 1.4',
    ],
    ['limit and on(pod) requests{code="500"}', 'limit{pod="a"} 100'],
    ['limit unless on(pod) requests{code="500"}', 'limit{pod="b"} 50'],

    ['histogram_quantile(0.5, seconds_bucket)', '{} 0.3'],
    ['histogram_quantile(0.1, seconds_bucket)', '{} 0.04'],
    ['histogram_quantile(2, seconds_bucket)', '{} Infinity'],
    ['histogram_quantile(0.5, seconds_bucket * 0)', '{} NaN'],

    ['scalar(limit{pod="a"})', '100'],
    ['scalar(limit)', 'NaN'],
    ['vector(3)', '{} 3'],
    ['time()', '600'],
    ['timestamp(limit{pod="a"} offset 0s)', '{pod="a"} 600'],
    ['clamp(limit, 60, 90)', '{pod="a"} 90; {pod="b"} 60'],
    ['clamp_max(limit, 60)', '{pod="a"} 60; {pod="b"} 50'],
    ['round(vector(2.5))', '{} 3'],
    ['round(vector(7), 5)', '{} 5'],
    ['ceil(vector(1.2)) + floor(vector(1.8)) + abs(vector(-1))', '{} 4'],
    ['absent(nope{job="web", code=~"5.."})', '{job="web"} 1'],
    ['absent(limit)', ''],
    ['absent_over_time(nope[5m])', '{} 1'],
    ['avg_over_time(requests{code="500"}[1m])', '{code="500", job="web", pod="a"} 25'],
    ['max_over_time(requests{pod="b"}[2m])', '{code="200", job="web", pod="b"} 130'],
    ['quantile_over_time(0.5, requests{code="500"}[1m])', '{code="500", job="web", pod="a"} 25'],
    ['last_over_time(gone[5m])', 'gone{} 2'],
    ['count_over_time(gone[5m])', '{} 2'],
    ['label_replace(limit{pod="a"}, "who", "pod-$1", "pod", "(.*)")', 'limit{pod="a", who="pod-a"} 100'],
    ['label_replace(limit{pod="a"}, "who", "x", "pod", "b")', 'limit{pod="a"} 100'],
    ['label_join(info{pod="a"}, "both", "-", "pod", "zone")', 'info{both="a-x", pod="a", zone="x"} 1'],
    ['max_over_time((requests{code="500"} * 2)[1m:30s])', '{code="500", job="web", pod="a"} 80'],
    ['year(vector(0)) + month(vector(0)) + day_of_month(vector(0))', '{} 1972'],
    ['sum(limit) # with a comment\n + 1', '{} 151'],
  ])('%s', (query, expected) => {
    expect(ask(query)).toBe(expected);
  });

  it.each([
    ['foo(requests)', '1:1: parse error: unknown function with name "foo"'],
    ['sum(requests) +\n  toString(1)', '2:3: parse error: unknown function with name "toString"'],
    ['constructor(1)', '1:1: parse error: unknown function with name "constructor"'],
    ['rate(requests)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
    ['rate(requests[5m], 2)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
    ['requests{job=web}', '1:14: parse error: unexpected identifier "web" in label matching, expected string'],
    ['{job=""}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['requests{job=~"("}', '1:15: parse error: error parsing regexp: missing closing ): `^(?s:()$`'],
    ['sum(requests', '1:13: parse error: unexpected end of input in function call, expected ","'],
    [
      'requests[five]',
      '1:10: parse error: unexpected identifier "five" in subquery or range selector, expected duration',
    ],
    ['1 == 1', '1:1: parse error: comparisons between scalars must use BOOL modifier'],
    ['requests and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['"open', '1:1: parse error: unterminated quoted string'],
    ['', 'unknown position: parse error: no expression found in input'],
    ['limit * info', undefined],
    ['limit / on() info', 'on the right hand-side of the operation'],
    ['requests / on(pod) limit', 'many-to-one matching must be explicit'],
    ['label_replace(limit, "pod", "same", "pod", ".*")', 'same labelset'],
  ])('answers %j with what is wrong', (query, message) => {
    if (message === undefined) expect(ask(query)).toBe('');
    else expect(() => ask(query)).toThrow(message);
  });
});
