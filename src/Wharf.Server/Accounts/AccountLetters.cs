using Wharf.Server.Mail;

namespace Wharf.Server.Accounts;

/// <summary>What people are written about their accounts.</summary>
internal static class AccountLetters
{
    public static Letter Recovery(string to, string name, string code) => new("recovery", to, "Set a new password",
        [$"Somebody, most likely you, said to have forgotten the password of the account {name}.", "The link below is good for 30 minutes, and once. If it was not you, do nothing: the password stays as it is."],
        "/recovery?code=" + code, "Set a new password");

    public static Letter Confirm(string to, string name, string code) => new("confirmation", to, "Confirm your e-mail address",
        [$"The account {name} was made with this address. The link below confirms it; it is good for a day. Until then the account cannot be used.", "If it was not you, do nothing."],
        "/confirm?code=" + code, "Confirm the address");

    public static Letter AlreadyKnown(string to, string name) => new("already-known", to, "You have an account already",
        [$"Somebody, most likely you, wanted to make an account with this address. It has one already: {name}.", "If you have forgotten its password, ask for a new one where you sign in. If it was not you, do nothing."]);

    public static Letter Change(string to, string name, string code) => new("confirmation", to, "Confirm your new e-mail address",
        [$"The account {name} is to have this address. The link below confirms it; it is good for a day.", "If it was not you, do nothing: the account keeps its old address."],
        "/confirm?code=" + code, "Confirm the address");

    public static Letter PasswordChanged(string to, string name) => new("password-changed", to, "Your password was changed",
        [$"The password of the account {name} was changed, and all of its sessions were ended.", "If it was not you, set a new password with 'forgotten password', and tell whoever runs the registry."]);

    public static Letter EmailChanged(string to, string name, string now) => new("email-changed", to, "Your e-mail address was changed",
        [$"The account {name} has another e-mail address now: {Veiled(now)}. Mail about the account goes there from now on.", "If it was not you, tell whoever runs the registry at once."]);

    // Enough to know one's own again.
    private static string Veiled(string email) => email.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? string.Concat(email.AsSpan(0, 1), "***", email.AsSpan(at)) : "none";
}
