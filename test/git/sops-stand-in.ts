import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the stand-in opens files with. */
export const AGE_KEY = 'AGE-SECRET-KEY-1GOODKEY';

/**
 * A program that keeps the part of SOPS's contract that Headgate relies on: --version; --decrypt with types and one file, the
 * age keys in SOPS_AGE_KEY, the plain file on standard output; 128 and words on standard error where no key fits. Its
 * cipher is none: `ENC[text]`. Answers its path.
 */
export async function writeSopsStandIn(folder: string): Promise<string> {
  const path = join(folder, 'sops');
  await writeFile(
    path,
    `#!/bin/sh
[ "$1" = --version ] && echo "sops 3.9.4" && exit 0
case "$1 $2 $3" in
"--decrypt --input-type=yaml --output-type=yaml" | "--decrypt --input-type=json --output-type=json") ;;
*) echo "flag provided but not defined: $*" >&2; exit 1 ;;
esac
case "$SOPS_AGE_KEY" in
*${AGE_KEY}*) ;;
*) echo "Failed to get the data key required to decrypt the SOPS file: $SOPS_AGE_KEY" >&2; exit 128 ;;
esac
/bin/sed -e '/^sops:/,/^---/{/^---/!d}' -e 's/"sops": *{[^}]*}/"opened": true/' -e 's/ENC\\[\\([^]]*\\)\\]/\\1/g' "$4"
`,
  );
  await chmod(path, 0o755);
  return path;
}

/** A Secret as SOPS writes it, with one value. `age`: for whom. */
export function encryptedSecret(value: string, age = '[{recipient: age1x, enc: x}]'): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: "ENC[${value}]"}
sops:
  age: ${age}
  lastmodified: "2026-11-20T12:00:00Z"
  mac: ENC[mac of ${value}]
  encrypted_regex: ^(data|stringData)$
  version: 3.9.4
`;
}
