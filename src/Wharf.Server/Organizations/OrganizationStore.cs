using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Organizations;

/// <summary>Organizations and their teams.</summary>
internal sealed class OrganizationStore(Namespaces namespaces, Permissions permissions)
{
    /// <summary>Makes an organization in the caller's transaction. As in Quay it has the team "owners", whose role is admin, with its maker in it.</summary>
    public async ValueTask<NewAccount> CreateAsync(Tx tx, string name, string? email, Principal owner)
    {
        var made = await namespaces.ClaimAsync(tx, name, "organization", owner.AccountId);
        if (made.Problem is not null)
            return made;
        await tx.ExecuteAsync("UPDATE namespace SET email = @email WHERE id = @id", ("email", email), ("id", made.Id));
        var team = await tx.OneAsync("INSERT INTO team (namespace_id, name, role) VALUES (@ns, 'owners', 'admin') RETURNING id", static r => r.GetInt64(0), ("ns", made.Id));
        await tx.ExecuteAsync("INSERT INTO team_member (team_id, account_id) VALUES (@team, @account)", ("team", team), ("account", owner.AccountId));
        await Events.AddAsync(tx, "organization.created", made.Id, null, null, $$"""{"by":{{owner.AccountId}}}""");
        tx.OnCommit(permissions.ForgetMemberships);
        return made;
    }
}
