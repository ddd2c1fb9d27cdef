using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Accounts;

/// <summary>The section <c>Accounts</c>.</summary>
internal sealed class AccountOptions
{
    /// <summary>Whether the first start makes the superuser <c>admin</c>. Without it, <c>POST /api/v1/user/initialize</c> makes the first one.</summary>
    public bool InitialAdmin { get; set; } = true;

    /// <summary>User names of superusers, beside those that another superuser promoted (Quay's SUPER_USERS).</summary>
    public List<string> Superusers { get; set; } = [];

    /// <summary>User names that read everything and change nothing (Quay's GLOBAL_READONLY_SUPER_USERS). Who is here is no superuser, whatever else says so.</summary>
    public List<string> GlobalReadOnlySuperusers { get; set; } = [];

    /// <summary>Whether superusers administer every namespace and repository (Quay's FEATURE_SUPERUSERS_FULL_ACCESS).</summary>
    public bool SuperusersFullAccess { get; set; }

    /// <summary>Whether only superusers make organizations (Quay's FEATURE_SUPERUSERS_ORG_CREATION_ONLY).</summary>
    public bool SuperusersOrgCreationOnly { get; set; }

    /// <summary>Whether users make no repositories and robots of their own and no organizations (Quay's FEATURE_RESTRICTED_USERS). Superusers may.</summary>
    public bool RestrictedUsers { get; set; }

    /// <summary>Users that <see cref="RestrictedUsers"/> does not concern (Quay's RESTRICTED_USERS_WHITELIST).</summary>
    public List<string> RestrictedUsersWhitelist { get; set; } = [];

    /// <summary>Whether anybody may make an account for themselves with <c>POST /api/v1/user/</c> (Quay's FEATURE_USER_CREATION).</summary>
    public bool UserCreation { get; set; }

    /// <summary>Whether who makes an account for themselves has to confirm the e-mail address first. Means nothing where no mail is sent.</summary>
    public bool ConfirmEmail { get; set; } = true;

    /// <summary>After how many days app tokens end; 0 for never (Quay's APP_SPECIFIC_TOKEN_EXPIRATION).</summary>
    [Range(0, 36_500)] public int AppTokenDays { get; set; }

    /// <summary>Whether people must accept before they are in a team (Quay's FEATURE_REQUIRE_TEAM_INVITE, which Quay heeds only where it can send mail).</summary>
    public bool RequireTeamInvite { get; set; }

    /// <summary>Whether the name of what was deleted is free at once (Quay), or kept for its former owner as long as it can be restored.</summary>
    public bool FreeNamesAtOnce { get; set; }
}
