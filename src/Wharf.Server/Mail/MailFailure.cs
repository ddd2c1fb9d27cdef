namespace Wharf.Server.Mail;

/// <summary>What stands against sending, in words for whoever runs the registry.</summary>
/// <param name="permanent">Whether the same mail would be refused again.</param>
/// <param name="broken">Whether the connection is of no more use.</param>
internal sealed class MailFailure(string message, bool permanent, bool broken, Exception? cause) : Exception(message, cause)
{
    public bool IsPermanent => permanent;

    public bool IsBroken => broken;
}
