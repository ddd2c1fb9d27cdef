namespace Wharf.Server.Auth;

/// <summary>The key ring cannot be read, or does not have the key that a value was sealed with.</summary>
internal sealed class KeyRingException(string message, Exception? cause = null) : Exception(message, cause);
