namespace Wharf.Server.Auth;

/// <summary>What an OAuth token leaves of the powers of the person for whom it acts (Quay's scopes). Every other credential has all of them.</summary>
[Flags]
internal enum Scopes
{
    None = 0,
    RepoRead = 1,
    RepoWrite = 2,
    RepoAdmin = 4,
    RepoCreate = 8,
    UserRead = 16,
    UserAdmin = 32,
    OrgAdmin = 64,
    SuperUser = 128,

    All = RepoRead | RepoWrite | RepoAdmin | RepoCreate | UserRead | UserAdmin | OrgAdmin | SuperUser,
}
