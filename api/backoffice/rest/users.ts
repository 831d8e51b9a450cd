import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { roles } from '../../../shared/domain/staff';
import type { User } from '../../../shared/stores/user-store';
import { decode } from '../../http/decode';
import type { UserService } from '../services/users';
import { callerOf } from './authentication';
import { idOf, pageOfQuery, pageQuery, pathId, textOf } from './parameters';

const query = pageQuery(idOf);
const password = z.string().min(8).max(1024);
const accounts = z.array(idOf).max(10_000);
const newUser = z.strictObject({
  email: textOf(320),
  password,
  role: z.enum(roles),
  accounts: accounts.default([]),
});
const edit = z.strictObject({
  password: password.optional(),
  role: z.enum(roles).optional(),
  accounts: accounts.optional(),
  disabled: z.boolean().optional(),
});

export function createUserRoutes(users: UserService): Router {
  const router = Router();

  router.get('/users', async (request, response) => {
    const page = pageOfQuery(decode(query, request.query));
    response.json(mapPage(await users.list(callerOf(request), page), userJson));
  });

  router.post('/users', async (request, response) => {
    const { accounts: accountIds, ...input } = decode(newUser, request.body ?? {});
    response.status(201).json(userJson(await users.create(callerOf(request), { ...input, accountIds })));
  });

  router.patch('/users/:id', async (request, response) => {
    const { accounts: accountIds, disabled: isDisabled, ...others } = decode(edit, request.body ?? {});
    const changes = { ...others, accountIds, isDisabled };
    response.json(userJson(await users.update(callerOf(request), pathId(request, 'user'), changes)));
  });

  return router;
}

const userJson = ({ id, email, role, accountIds, isDisabled, createdAt }: User) => ({
  id: String(id),
  email,
  role,
  accounts: accountIds.map(String),
  disabled: isDisabled,
  createdAt,
});
