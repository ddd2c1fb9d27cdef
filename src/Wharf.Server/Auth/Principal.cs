namespace Wharf.Server.Auth;

/// <summary>Who makes a request, after authentication. There is one such type, whatever the credential was.</summary>
/// <param name="AccountId">The account, or 0 for an anonymous caller.</param>
/// <param name="Name">The user name or the robot's <c>owner+name</c>, empty for an anonymous caller.</param>
/// <param name="Credential">The generation of the account's credential that was shown. A changed password or token makes older ones void.</param>
/// <param name="Superuser">Whether the account administers this registry.</param>
internal sealed record Principal(long AccountId, string Name, long Credential, bool Superuser)
{
    public static readonly Principal Anonymous = new(0, "", 0, false);

    public bool IsAnonymous => AccountId == 0;

    /// <summary>The namespace whose robot it is, or 0 for a person.</summary>
    public long RobotOf { get; init; }

    public bool IsRobot => RobotOf != 0;

    /// <summary>The beginning of the app token that was shown in place of the password, or null.</summary>
    public string? AppToken { get; init; }

    /// <summary>The OAuth token that was shown in place of the password, or null. It acts as its person, within <see cref="Scopes"/>.</summary>
    public OAuthCredential? OAuth { get; init; }

    /// <summary>What the credential leaves of what the account may do, with what each scope includes.</summary>
    public Scopes Scopes { get; init; } = Scopes.All;

    public bool Has(Scopes scopes) => (Scopes & scopes) == scopes;

    /// <summary>A person, who has a namespace and can be asked for a password.</summary>
    public bool IsPerson => AccountId != 0 && RobotOf == 0;

    /// <summary>A global read-only superuser (Quay): reads everything and changes nothing.</summary>
    public bool ReadsAll { get; init; }

    /// <summary>A superuser where those have full access to every namespace (Quay's FEATURE_SUPERUSERS_FULL_ACCESS).</summary>
    public bool AdministersAll { get; init; }

    /// <summary>A restricted user (Quay's FEATURE_RESTRICTED_USERS): makes nothing in the own namespace, and no organizations.</summary>
    public bool Restricted { get; init; }
}
