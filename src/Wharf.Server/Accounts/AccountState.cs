namespace Wharf.Server.Accounts;

/// <summary>What authentication must know of an account, be it a person or a robot.</summary>
/// <param name="Id">The account's number; a person's is also that of the own namespace.</param>
/// <param name="Name">The user name, or the robot's <c>owner+name</c>.</param>
/// <param name="SealedPassword">A person's password hash under the key ring; empty for a robot.</param>
/// <param name="Credential">The generation of the password or token.</param>
/// <param name="Superuser">Whether another superuser made it one; the settings may too.</param>
/// <param name="Enabled">For a robot, whether its owner is. A newcomer is not before the e-mail address is confirmed.</param>
internal sealed record AccountState(long Id, string Name, byte[] SealedPassword, long Credential, bool Superuser, bool Enabled)
{
    /// <summary>Whether a newcomer has not confirmed the e-mail address yet; until then nothing signs in.</summary>
    public bool Unverified { get; init; }

    /// <summary>The namespace whose robot it is, or 0.</summary>
    public long RobotOf { get; init; }

    /// <summary>Keyed hash of a robot's token.</summary>
    public byte[] TokenMac { get; init; } = [];

    /// <summary>When a robot's token ends, in Unix milliseconds.</summary>
    public long? ExpiresMs { get; init; }
}
