namespace Wharf.Scanner.Targets;

/// <summary>What was to be scanned cannot be: not there, not an image, or changed under way. The message is for people and says what would be right.</summary>
public sealed class TargetException(string message, Exception? inner = null) : Exception(message, inner);
