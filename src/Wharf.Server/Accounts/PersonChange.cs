using Wharf.Server.Mail;

namespace Wharf.Server.Accounts;

/// <summary>What is to be changed of a person; null stays as it is.</summary>
internal sealed record PersonChange(string? Password = null, string? Email = null, long? TagExpirationS = null, bool? Enabled = null, bool? Superuser = null, Profile? Profile = null)
{
    /// <summary>What is wrong with it, or null; the window is for LifetimeOptions to judge.</summary>
    public string? Problem =>
        Password is not null && !Auth.PasswordHash.IsAcceptable(Password) ? "A password has at least 8 characters, and at most 1,024."
        : Email is not null && !MailAddress.IsValid(Email) ? "The e-mail address is malformed."
        : Profile?.Problem;
}
