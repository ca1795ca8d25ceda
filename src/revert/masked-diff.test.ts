import { describe, expect, it } from 'vitest';
import { maskedDiff } from './masked-diff.ts';

const HEAD = 'diff --git a/x.yaml b/x.yaml\n--- a/x.yaml\n+++ b/x.yaml\n';
/** What is shown of these lines of a diff. */
const shown = (lines: string[]) =>
  maskedDiff(`${HEAD}@@ -1,9 +1,9 @@ password: hunter\n${lines.join('\n')}\n`)
    .split('\n')
    .slice(4, -1);

describe('a diff that people who may not read the repository may read', () => {
  it('shows what is no secret as it is', () => {
    const lines = [
      '     - name: web',
      '-      image: registry/auth-service:v2',
      '+      image: registry/auth-service:v1',
      '       env:',
      '       - name: LOG_LEVEL',
      '-        value: debug',
      '+        value: info',
      ' replicas: 2',
      '\\ No newline at end of file',
    ];
    expect(shown(lines)).toEqual(lines);
    expect(maskedDiff('Binary files differ\n')).toBe('Binary files differ\n');
  });

  it('keeps the line behind the range of a part, which may be any', () => {
    expect(maskedDiff(`${HEAD}@@ -1,2 +1,2 @@ password: hunter\n-a\n+b\n`)).toBe(`${HEAD}@@ -1,2 +1,2 @@\n-a\n+b\n`);
  });

  it.each<[string, string[], string[]]>([
    ['a field', ['-dbPassword: hunter2', '+dbPassword: hunter1'], ['-dbPassword: ***', '+dbPassword: ***']],
    ['a quoted one', ['-  "api_key": "a: b"', '+  "api_key": "c"'], ['-  "api_key": ***', '+  "api_key": ***']],
    [
      'what lies below a field',
      [' auth:', '-  user: ann', '+  user: bob', ' image: v1'],
      [' auth:', '-  ***', '+  ***', ' image: v1'],
    ],
    [
      'a text of several lines',
      ['+privateKey: |', '+  abc', '+', '+  def', '+port: 1'],
      ['+privateKey: ***', '+  ***', '+', '+  ***', '+port: 1'],
    ],
    [
      'an environment variable',
      [' - name: DB_PASSWORD', '-  value: hunter2', '+  value: hunter1', ' - name: PORT', '+  value: "1"'],
      [' - name: DB_PASSWORD', '-  value: ***', '+  value: ***', ' - name: PORT', '+  value: "1"'],
    ],
    ['one in braces', ['+- {name: TOKEN, value: abc}'], ['+- {name: ***']],
    ['an argument', ['+- --token=abc', '+- --port=1'], ['+- --token= ***', '+- --port=1']],
    [
      'the argument after its name',
      ['+- --password', '+- hunter2', '+- --port'],
      ['+- --password', '+- ***', '+- --port'],
    ],
    ['in a list in brackets', ['+args: ["--password=hunter2", "-v"]'], ['+args: ***']],
    [
      'what looks like one',
      [`+x: ghp_${'a1'.repeat(12)} y`, '+url: https://ann:hunter2@db/x'],
      ['+x: *** y', '+url: https://***@db/x'],
    ],
  ])('leaves out %s', (_, lines, expected) => expect(shown(lines)).toEqual(expected));
});
