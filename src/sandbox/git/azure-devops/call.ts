import type { Answer } from '../world.ts';

/** An answer as Azure DevOps refuses with, by the name of its exception. */
export function refusal(status: number, typeKey: string, message: string): Answer {
  const typeName = `Microsoft.TeamFoundation.Git.Server.${typeKey}, Microsoft.TeamFoundation.Git.Server`;
  return {
    status,
    body: { $id: '1', innerException: null, message, typeName, typeKey, errorCode: 0, eventId: 3000 },
  };
}

export const ok = (body: unknown, status = 200): Answer => ({ status, body });
export const listed = (value: unknown[]): Answer => ok({ value, count: value.length });

export const invalid = (what: string) =>
  refusal(400, 'InvalidArgumentValueException', `Invalid argument value.\r\nParameter name: ${what}`);

export function needsPermission(login: string, permission: string): Answer {
  const message = `TF401027: You need the Git '${permission}' permission to perform this action. Details: identity '${login}', scope 'repository'.`;
  return refusal(403, 'GitNeedsPermissionException', message);
}

export function noRepository(name: string): Answer {
  const message = `TF401019: The Git repository with name or identifier ${name} does not exist or you do not have permissions for the operation you are attempting.`;
  return refusal(404, 'GitRepositoryNotFoundException', message);
}

/** `500`, as from the service itself. */
export const noObject = (id: string) =>
  refusal(500, 'GitObjectDoesNotExistException', `TF401035: The object '${id}' does not exist.`);
