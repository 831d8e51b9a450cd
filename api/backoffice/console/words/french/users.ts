import type { UsersWords } from '../english/users';

export const usersFrench: UsersWords = {
  users: 'Utilisateurs',
  usersMeaning: 'Qui peut se connecter ici, et quelles solutions chacun voit.',
  role: 'Rôle',
  roles: { admin: 'Administrateur', manager: 'Gestionnaire', viewer: 'Lecteur' },
  roleMeanings: {
    admin: 'Administrateur : tout, utilisateurs compris',
    manager: 'Gestionnaire : modifie ses comptes',
    viewer: 'Lecteur : regarde ses comptes',
  },
  allAccounts: 'tous',
  disabled: 'désactivé',
  addUser: 'Ajouter un utilisateur',
  passwordHint: (least: number) => `Au moins ${least} caractères.`,
  newPassword: 'Nouveau mot de passe',
  newPasswordHint: 'Vide, l’ancien reste. Un nouveau met fin à toutes les sessions de l’utilisateur.',
  mayNotSignIn: 'Ne peut plus se connecter',
  accounts: 'Comptes',
  accountsMeaning:
    'Les clients. Une solution appartient à un compte ; un utilisateur voit ceux qu’on lui a donnés.',
  addAccount: 'Ajouter un compte',
  noAccounts: 'Il n’y a encore aucun compte',
};
