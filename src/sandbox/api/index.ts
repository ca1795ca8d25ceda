export { Failure } from './failure.ts';
export { createApiServer } from './server.ts';
export type {
  ApiObject,
  ApiServer,
  ApiServerOptions,
  AuditEntry,
  DeleteRequest,
  Fault,
  KindRef,
  ListFilter,
  ObjectKey,
  Propagation,
  RequestInfo,
  Store,
  StoreChange,
} from './types.ts';
