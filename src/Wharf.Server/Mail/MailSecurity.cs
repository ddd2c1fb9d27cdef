namespace Wharf.Server.Mail;

/// <summary>How the connection to the mail server is protected.</summary>
internal enum MailSecurity
{
    /// <summary>It begins plain and must be encrypted before anything is said (RFC 3207); a server that cannot is not used.</summary>
    StartTls,

    /// <summary>It is encrypted from the first byte (RFC 8314).</summary>
    Tls,

    /// <summary>Not at all: for a mail server on this machine.</summary>
    None,
}
