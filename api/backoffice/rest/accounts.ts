import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { Account } from '../../../shared/stores/account-store';
import { decode } from '../../http/decode';
import type { AccountService } from '../services/accounts';
import { callerOf } from './authentication';
import { idOf, pageOfQuery, pageQuery, textOf } from './parameters';

const query = pageQuery(idOf);
const body = z.strictObject({ name: textOf(200) });

export function createAccountRoutes(accounts: AccountService): Router {
  const router = Router();

  router.get('/accounts', async (request, response) => {
    const page = pageOfQuery(decode(query, request.query));
    response.json(mapPage(await accounts.list(callerOf(request), page), accountJson));
  });

  router.post('/accounts', async (request, response) => {
    const { name } = decode(body, request.body ?? {});
    response.status(201).json(accountJson(await accounts.create(callerOf(request), name)));
  });

  return router;
}

const accountJson = ({ id, name, createdAt }: Account) => ({ id: String(id), name, createdAt });
